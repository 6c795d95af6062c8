/** The rules of @graphql-eslint for a schema and for Relay. Each one that we bend says why. */
import plugin from "@graphql-eslint/eslint-plugin";

// An id makes a cache keep a thing once, under `__typename` and `id`. These are parts of what holds them, and have none.
const PARTS = [
  ...["PageInfo", "Closure", "Permission", "FieldError", "Settling", "PostRefusal", "PointsChange"],
  ...["Requirement", "RateLimit", "CostBudget", "ThreadActivity", "Length", "RevisionChanges", "CategoryChange", "TextSegment"],
];
// There is one of each of these for everybody who asks.
const SINGLETONS = ["Site", "PointsRules", "Viewer", "Policy"];
// Why a mutation did not happen: nothing that could be asked for again.
const ERRORS = ["InvalidInput", "NotFound", "NotPermitted", "RateLimited", "Conflict"];

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: {
      parser: plugin.parser,
      parserOptions: { graphQLConfig: { schema: "./schema.graphql" } },
    },
    plugins: { "@graphql-eslint": plugin },
    // no-typename-prefix stays on; eslint-suppressions.json excuses two fields from it. `Comment.comments` and
    // `Comment.commentCount` are fields of the interface Post, and every kind of post must have them by these names.
    rules: {
      ...plugin.configs["flat/schema-recommended"].rules,
      ...plugin.configs["flat/schema-relay"].rules,
      "@graphql-eslint/strict-id-in-types": [
        "error",
        // Connections, edges and payloads carry nodes; the nodes have the ids.
        { exceptions: { suffixes: ["Connection", "Edge", "Payload"], types: [...PARTS, ...SINGLETONS, ...ERRORS] } },
      ],
      "@graphql-eslint/relay-edge-types": [
        "error",
        // A connection has `nodes` beside `edges`, for clients without Relay; and short lists are no connections.
        { listTypeCanWrapOnlyEdgeType: false, withEdgeSuffix: true, shouldImplementNode: true },
      ],
    },
  },
];
