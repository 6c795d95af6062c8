"""How one operation becomes a few SQL statements and one Python function.

The schema says beside each field how it gets its value (`sources`). An operation is compiled once, and kept:

    document ── documents ──▶ parsed, validated, kept
        │
        ▼ selection            which fields of which types are asked for, as graphql-core collects them
    operation
        │
        ▼ tree                 to-one relations become joins, lists become steps, fields become shapes
    steps and shape  (shapes)
        │            │
        ▼ statements ▼ function
    SQL with slots   one Python function: nested comprehensions over rows
        │            │
        └── plans ───┘         kept by what shapes them: directives, orders, and what a viewer may see
              │
              ▼ running        for each request: values into slots, rows by step, the function makes the answer

What cannot be compiled, and whatever fails, is answered by graphql-core's executor, which the plans must agree with
byte for byte. A mutation goes the short way where its document is plain (`deeds`, `inputs`), else it is graphql-core's,
as a subscription is; the rows that either gives are read by plans (`executor`), or are in hand (`in_hand`).

`reads` tells what an answer was made of, for those who keep it; `warming` plans known documents before anybody asks;
`metrics` counts who answered; `explain` tells a plan in words, for `qa explain`.
"""
