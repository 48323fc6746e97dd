"""Questions of policy, and the paper's claims: a page each, in every language."""
