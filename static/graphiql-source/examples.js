/** The tabs that a reader finds on the first visit; each operation is a file, so that tests can run it. */
import home from "./examples/home.graphql";
import moderate from "./examples/moderate.graphql";
import moderateVariables from "./examples/moderate.variables.json";
import questionPage from "./examples/question_page.graphql";
import vote from "./examples/vote.graphql";
import voteVariables from "./examples/vote.variables.json";
import watchVotes from "./examples/watch_votes.graphql";
import watchVotesVariables from "./examples/watch_votes.variables.json";

// GraphiQL 5.4 leaves out the variables of the first tab, so the first example has none.
export const exampleTabs = [
  { query: questionPage },
  { query: home },
  { query: vote, variables: pretty(voteVariables) },
  { query: moderate, variables: pretty(moderateVariables) },
  { query: watchVotes, variables: pretty(watchVotesVariables) },
];

function pretty(variables) {
  return JSON.stringify(variables, null, 2);
}
