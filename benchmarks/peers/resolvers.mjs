// The resolvers of Mercurius and Yoga: joined statements, batched by dataloaders, rows shaped once so that fields need
// no resolvers of their own.
import DataLoader from "dataloader";
import { compact, globalId, keyOf, rows, tokenHash, VALUES, viewerOf, voteName } from "./database.mjs";

const POST = `
  post.id, post.thread_id, post.parent_id, post.body_html, post.created_at, post.score, post.is_best,
  users.id AS author_id, users.name, users.points, vote.value AS vote`;
const JOINED = `
  JOIN users ON users.id = post.author_id LEFT JOIN vote ON vote.post_id = post.id AND vote.user_id = $2`;
const THREAD = `
  thread.id, title, thread.created_at, last_activity_at, view_count, answer_count,
  category.id AS category_id, category.name AS category_name, category.path`;

function threadOf(row) {
  return {
    key: row.id,
    id: globalId("Thread", row.id),
    number: row.id,
    title: row.title,
    createdAt: row.created_at,
    lastActivityAt: row.last_activity_at,
    viewCount: row.view_count,
    answerCount: row.answer_count,
    category: { id: globalId("Category", row.category_id), name: row.category_name, path: row.path },
  };
}

function postOf(row) {
  return {
    key: row.id,
    id: globalId("Post", row.id),
    bodyHtml: row.body_html,
    createdAt: row.created_at,
    score: row.score,
    isBest: row.is_best,
    viewerVote: voteName(row.vote),
    author: {
      id: globalId("User", row.author_id),
      name: row.name,
      points: row.points,
      pointsCompact: compact(row.points),
    },
  };
}

/** What an operation knows of its viewer, and its loaders. */
export function contextOf(authorization) {
  const hash = tokenHash(authorization);
  let asked;
  // A vote needs no look-up of its own: its one statement finds the session.
  const viewer = () => (asked ??= viewerOf(hash));
  return {
    hash,
    viewer,
    tags: new DataLoader(async (threads) => {
      const found = new Map(threads.map((key) => [key, []]));
      for (const row of await rows(
        "tags",
        `SELECT thread_id, tag.id, name FROM thread_tag JOIN tag ON tag.id = tag_id
         WHERE thread_id = ANY($1) ORDER BY position`,
        [threads],
      )) {
        found.get(row.thread_id).push({ id: globalId("Tag", row.id), name: row.name });
      }
      return threads.map((key) => found.get(key));
    }),
    question: new DataLoader(async (threads) => {
      const found = new Map();
      for (const row of await rows(
        "questions",
        `SELECT ${POST} FROM post ${JOINED} WHERE thread_id = ANY($1) AND kind = 'question' AND is_buried = FALSE AND state = 'visible'`,
        [threads, await viewer()],
      )) {
        found.set(row.thread_id, postOf(row));
      }
      return threads.map((key) => found.get(key));
    }),
    comments: new Map(),
  };
}

/** The loader of the first so many comments on each post. */
function comments(context, first) {
  let loader = context.comments.get(first);
  if (loader === undefined) {
    loader = new DataLoader(async (posts) => {
      const found = new Map(posts.map((key) => [key, []]));
      for (const row of await rows(
        `comments ${first}`,
        `SELECT ${POST} FROM unnest($1::bigint[]) AS parent(id), LATERAL (
           SELECT * FROM post WHERE parent_id = parent.id AND is_buried = FALSE AND state = 'visible' ORDER BY created_at, id
           LIMIT ${Number(first)}
         ) AS post ${JOINED} ORDER BY post.created_at, post.id`,
        [posts, await context.viewer()],
      )) {
        found.get(row.parent_id).push(postOf(row));
      }
      return posts.map((key) => ({ nodes: found.get(key) }));
    });
    context.comments.set(first, loader);
  }
  return loader;
}

const post = { comments: (post, { first }, context) => comments(context, first).load(post.key) };

export const resolvers = {
  Query: {
    async thread(_, { number }) {
      const [row] = await rows(
        "thread",
        `SELECT ${THREAD} FROM thread JOIN category ON category.id = category_id
         WHERE thread.id = $1 AND thread.state = 'visible'`,
        [number],
      );
      return row && threadOf(row);
    },
    async threads(_, { first }) {
      const found = await rows(
        `threads ${first}`,
        `SELECT ${THREAD} FROM thread JOIN category ON category.id = category_id
         WHERE thread.state = 'visible' ORDER BY thread.created_at DESC, thread.id DESC LIMIT ${Number(first)}`,
        [],
      );
      return { nodes: found.map(threadOf) };
    },
  },
  Thread: {
    tags: (thread, _, context) => context.tags.load(thread.key),
    question: (thread, _, context) => context.question.load(thread.key),
    async answers(thread, { first }, context) {
      const found = await rows(
        `answers ${first}`,
        `SELECT ${POST} FROM post ${JOINED} WHERE thread_id = $1 AND kind = 'answer' AND is_buried = FALSE AND state = 'visible'
         ORDER BY is_best DESC, score DESC, post.id LIMIT ${Number(first)}`,
        [thread.key, await context.viewer()],
      );
      return { nodes: found.map(postOf) };
    },
  },
  Post: { resolveType: (post) => post.kind, __resolveType: (post) => post.kind },
  Question: post,
  Answer: post,
  Comment: post,
  Mutation: {
    async castVote(_, { input }, context) {
      const [row] = await rows("vote", "SELECT * FROM bench_cast_vote($1, $2, $3)", [
        context.hash,
        keyOf(input.postId),
        VALUES[input.value],
      ]);
      return {
        post: {
          kind: "Answer",
          id: globalId("Post", row.id),
          score: row.score,
          upVotes: row.up_votes,
          downVotes: row.down_votes,
          version: row.version,
          viewerVote: input.value,
        },
      };
    },
  },
};
