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
byte for byte. A mutation or a subscription is graphql-core's, and the rows that it gives are read by plans
(`executor`). `metrics` counts who answered; `qa explain` shows the plan of a document.
"""
