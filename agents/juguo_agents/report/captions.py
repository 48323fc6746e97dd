"""The standing text of the page: captions and definitions. Nothing here depends on who did well."""

FACTORIAL = "factorial.png"
FIGURES = (
    (
        "return.png",
        "Return",
        "Left: each dot is an allocator's mean return, its whisker the {confidence} interval of that mean, "
        "and the pale bar the range in which the middle 80% of the episodes lie. Where doctrines are "
        "compared like for like, the small diamond below a dot is the paper's own version, where that "
        "differs. The dashed line is the baseline. Overlapping whiskers are no sign of a tie, since episodes "
        "are compared in pairs: for that see the table's last column. Right: the same mean, taken apart. "
        "What stands right of zero is what breadth and resilience add, what stands left is what exclusion "
        "takes away; the diamond is their sum.",
    ),
    (
        FACTORIAL,
        "Doctrine, exit and relief",
        "Left: the mean return of each doctrine in four cells: with neither institution, with the exit, with "
        "relief, and with both. The whiskers are {confidence} intervals of each mean. Rows that differ show "
        "what the doctrine is worth; markers that differ within a row show what its institutions are worth. "
        "Right: what the exit and relief each change in the return, and their interplay. These are paired: "
        "an effect whose whisker does not touch zero is beyond the luck of the episodes.",
    ),
    (
        "adoption.png",
        "Adoption over time",
        "The share of all persons who use the technology, from the first quarter to the last. A line is the "
        "mean over the episodes and the band around it holds the middle 80% of them; a broad band means "
        "that the outcome depends much on luck. Where a project is given up, or the next technology begins, "
        "users are lost: a single episode falls to zero where the mean only bends.",
    ),
    (
        "exits.png",
        "When and why projects were given up",
        "Each row is an allocator that gave up at least one project. From the left: how many in an episode, "
        "and in which stage; how old the project was (dot: median, thick line: middle half, thin line: "
        "middle 80%; where there were few, each one); how much harm was estimated at that moment (who gives "
        "up at none does so for another reason); and how often the first technology was given up where it "
        "was seriously defective and where it was not. A perfect judge would stand at 100% and 0%. No "
        "allocator is told the defect: it shows only as harm to users.",
    ),
    (
        "money.png",
        "Who got the money",
        "Above: how each stage's money was divided between the functions of the three actors and the "
        "reserve; the number at the right is how many quarters the stage lasted on average, given-up "
        "projects included. Below: the share of all money that each function received over the whole "
        "programme. A purse holds the quarter's budget and what the reserve released, so money that was "
        "saved and spent later counts both times.",
    ),
    (
        "places.png",
        "Where adoption arrived",
        "The share of adopters at the end, by community and by stratum (a third of the society each, by "
        "capability at the start), mean over the episodes. Pale rows are places that were left behind, and "
        "a pale left column is people who were. Hatched cells are empty: nobody of that stratum lives there.",
    ),
    (
        "board.png",
        "Indicator board",
        "The paper's five core indicators for each of the three actors, each between 0 and 1, mean over "
        "quarters and episodes. Compare the same cell between allocators: cells of different rows measure "
        "different things, listed below.",
    ),
)
"""File, title and caption of each figure, in the page's order."""

LEARNING = (
    "learning_curve.png",
    "Learning curves",
    "One line per training seed: the mean return on the selection episodes, by steps and by time. The best "
    "policy of a seed is kept (dot), which need not be the last. The selection episodes are neither training "
    "nor test episodes, but the kept policy was chosen on them, so its value here is flattered a little.",
)
"""File, title and caption of the figure that only a training has."""

BOARD = (
    (
        "resource-allocation target",
        "share of the money that went to this actor's functions",
        "the same",
        "the same",
    ),
    (
        "production orientation",
        "knowledge gained for the money",
        "application environment built",
        "participants who adopted",
    ),
    (
        "governance mode",
        "share of the impulse to adopt that is own demand (market)",
        "share that is guidance and trials (organised)",
        "share that comes from peers (self-governed)",
    ),
    (
        "technology goal",
        "what was learned from use and kept",
        "users whom service reaches",
        "users outside production who take an active part",
    ),
    (
        "technology-culture tradition",
        "how far practice moved from where it began",
        "the same",
        "the same",
    ),
)
"""What each cell of the indicator board is: indicator, producers, interactors, participants."""

GLOSSARY = (
    (
        "Return",
        "what an allocator is judged by: {w_b} x breadth + {w_r} x resilience − {w_x} x excluded, "
        "mean over the quarters. It has no unit; higher is better.",
    ),
    (
        "Breadth",
        "how widely the technology is used, from 0 (by nobody) to 1 (by everybody in every community and "
        "stratum). An uneven spread counts less than an even one with as many users, the less the higher the "
        "aversion to inequality, here {aversion}; at 0 it counts alike.",
    ),
    (
        "Resilience",
        "how well people withstand shocks and harm, from 0 to 1: half the mean over all persons, half the "
        "mean over the worst-off fifth.",
    ),
    (
        "Excluded",
        "share of persons whose resilience fell below the floor, so that they can no longer take part; mean "
        "over the quarters.",
    ),
    (
        "Given up",
        "projects that the allocator abandoned, per episode. The users are lost, part of the knowledge is "
        "kept, and the next technology is drawn.",
    ),
    (
        "Doctrine",
        "how money is divided between functions, places and stages, and when a stage ends. Each rule of the "
        "paper is one.",
    ),
    (
        "Exit",
        "an institution: a project is given up on evidence of harm. `NAME+exit` is a doctrine with the "
        "common exit, `NAME-exit` one with none. Some doctrines have an exit of their own in the paper.",
    ),
    (
        "Relief",
        "an institution: more money goes to what ends a crisis, and to where it is, in proportion to it. "
        "`NAME+relief` has it, `NAME-relief` has not. The two follow in this order: `NAME+exit+relief`.",
    ),
    (
        "Like for like",
        "every doctrine has both institutions, the same for all. So a verdict on how money is divided does "
        "not rest on who may give up or answers crises. `NAME` alone is the paper's own version.",
    ),
    (
        "Interplay",
        "by how much more the exit brings where there is relief; and relief, where there is the exit.",
    ),
    (
        "Reference",
        "no programme: `nothing` saves all money and has no institution, `care_only` cares for people and "
        "brings no technology. All other rules are programmes, and are read against these two.",
    ),
    (
        "Paired difference",
        "both allocators meet the same technologies, shocks and chance in each episode; the difference is "
        "taken episode by episode and then averaged. Luck that is common to both drops out. Where "
        "the interval includes zero, the two are called tied.",
    ),
    (
        "Interval",
        "the range, found by resampling the episodes, that would hold the true mean {confidence} of the "
        "time if the comparison were repeated. With many comparisons a few intervals miss by chance.",
    ),
    (
        "Interquartile mean (IQM)",
        "the mean of the middle half of the episodes, which extreme episodes do not move.",
    ),
)
"""What the page's words mean. Fields in braces are filled in from the scenario."""
