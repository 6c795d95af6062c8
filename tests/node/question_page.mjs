/**
 * A question page made with Relay, without a screen: loads a thread, answers it, comments, votes, and prints what its
 * store then shows. Nothing is loaded twice and no code merges lists: the schema's shapes let Relay do it.
 *
 *     node question_page.mjs ORIGIN TOKEN NUMBER
 */
import relay from "relay-runtime";
import CastVote from "./relay/__generated__/QuestionPageCastVoteMutation.graphql.js";
import PostAnswer from "./relay/__generated__/QuestionPagePostAnswerMutation.graphql.js";
import PostComment from "./relay/__generated__/QuestionPagePostCommentMutation.graphql.js";
import QuestionPage from "./relay/__generated__/QuestionPageQuery.graphql.js";

const { ConnectionHandler, Environment, Network, commitLocalUpdate, commitMutation, fetchQuery } = relay;
const [origin, token, number] = process.argv.slice(2);

const environment = new Environment({
  network: Network.create(async ({ text }, variables) => {
    const response = await fetch(`${origin}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ query: text, variables }),
    });
    return response.json();
  }),
});

const page = await fetchQuery(environment, QuestionPage, { number: Number(number) }).toPromise();
const threadId = page.thread.id;
const questionId = inStore((store) => store.get(threadId).getLinkedRecord("question").getDataID());
const answers = ConnectionHandler.getConnectionID(threadId, "QuestionPage_answers", { orderBy: "BEST" });
const comments = ConnectionHandler.getConnectionID(questionId, "QuestionPage_comments");

const done = {
  answered: await commit(PostAnswer, { input: { threadId, body: "An answer by way of Relay." }, connections: [answers] }),
  commented: await commit(PostComment, {
    input: { parentId: questionId, body: "A comment by way of Relay." },
    connections: [comments],
  }),
  voted: await commit(CastVote, { input: { postId: questionId, value: "UP" } }),
};
const shown = inStore((store) => ({
  answerCount: store.get(threadId).getValue("answerCount"),
  answers: bodies(store.get(answers)),
  commentCount: store.get(questionId).getValue("commentCount"),
  comments: bodies(store.get(comments)),
  score: store.get(questionId).getValue("score"),
  viewerVote: store.get(questionId).getValue("viewerVote"),
  authorsPoints: store.get(questionId).getLinkedRecord("author").getValue("points"),
}));
console.log(JSON.stringify({ done, shown }));

/** Do a mutation; the type of its result. */
function commit(mutation, variables) {
  return new Promise((resolve, reject) => {
    const onCompleted = (data) => resolve(Object.values(data)[0].__typename);
    commitMutation(environment, { mutation, variables, onCompleted, onError: reject });
  });
}

function inStore(read) {
  let found;
  commitLocalUpdate(environment, (store) => (found = read(store)));
  return found;
}

function bodies(connection) {
  return connection.getLinkedRecords("edges").map((edge) => edge.getLinkedRecord("node").getValue("bodyHtml"));
}
