// PostGraphile 5: its schema follows from the tables and from the functions in ../sql/3_postgraphile.sql.
import { createServer } from "node:http";
import { context, each, lambda, object } from "grafast";
import { grafserv } from "grafserv/node";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { extendSchema } from "postgraphile/utils";
import { compact, pool, port, tokenHash, VALUES, viewerOf, voteName } from "./database.mjs";

const viewersOwn = extendSchema((build) => {
  const { post, tag, thread, thread_tag: threadTag, users, vote, bench_cast_vote: castVote } = build.pgResources;
  const { sql } = build;
  const viewer = () => lambda(context().get("hash"), viewerOf);
  const order = ($rows, attribute, direction) => $rows.orderBy({ attribute, direction });
  const postsOf = (keys, kind) => {
    const $posts = post.find(keys);
    $posts.where(sql`${$posts}.kind = ${sql.literal(kind)} AND ${$posts}.is_buried = FALSE AND ${$posts}.state = 'visible'`);
    return $posts;
  };
  return {
    typeDefs: /* GraphQL */ `
      enum VoteValue {
        UP
        DOWN
        NONE
      }
      extend type Post {
        viewerVote: VoteValue!
        author: User
        comments(first: Int!): [Post!]!
      }
      extend type Thread {
        category: Category
        tags: [Tag!]!
        question: Post!
        answers(first: Int!): [Post!]!
      }
      extend type Query {
        visibleThread(number: Int!): Thread
        newestThreads(first: Int!): [Thread!]!
      }
      extend type User {
        pointsCompact: String!
      }
      type CastVotePayload {
        rowId: BigInt!
        score: Int!
        upVotes: Int!
        downVotes: Int!
        version: Int!
        viewerVote: VoteValue!
      }
      extend type Mutation {
        castVote(postId: BigInt!, value: VoteValue!): CastVotePayload!
      }
    `,
    objects: {
      Query: {
        plans: {
          visibleThread(_, { $number }) {
            const $threads = thread.find({ id: $number });
            $threads.where(sql`${$threads}.state = 'visible'`);
            return $threads.single();
          },
          newestThreads(_, { $first }) {
            const $threads = thread.find();
            $threads.where(sql`${$threads}.state = 'visible'`);
            order($threads, "created_at", "DESC");
            order($threads, "id", "DESC");
            $threads.setFirst($first);
            return $threads;
          },
        },
      },
      Thread: {
        plans: {
          category: ($thread) => build.pgResources.category.get({ id: $thread.get("category_id") }),
          tags($thread) {
            const $links = threadTag.find({ thread_id: $thread.get("id") });
            order($links, "position", "ASC");
            return each($links, ($link) => tag.get({ id: $link.get("tag_id") }));
          },
          question: ($thread) => postsOf({ thread_id: $thread.get("id") }, "question").single(),
          answers($thread, { $first }) {
            const $answers = postsOf({ thread_id: $thread.get("id") }, "answer");
            order($answers, "is_best", "DESC");
            order($answers, "score", "DESC");
            order($answers, "id", "ASC");
            $answers.setFirst($first);
            return $answers;
          },
        },
      },
      Post: {
        plans: {
          author: ($post) => users.get({ id: $post.get("author_id") }),
          comments($post, { $first }) {
            const $comments = postsOf({ parent_id: $post.get("id") }, "comment");
            order($comments, "created_at", "ASC");
            order($comments, "id", "ASC");
            $comments.setFirst($first);
            return $comments;
          },
          viewerVote($post) {
            const $vote = vote.get({ user_id: viewer(), post_id: $post.get("id") });
            return lambda($vote.get("value"), voteName, true);
          },
        },
      },
      Mutation: {
        plans: {
          castVote(_, { $postId, $value }) {
            const $number = lambda($value, (value) => VALUES[value], true);
            const $row = castVote.execute(
              [{ step: context().get("hash") }, { step: $postId }, { step: $number }],
              "mutation",
            );
            return object({ row: $row, value: $value });
          },
        },
      },
      CastVotePayload: {
        plans: {
          rowId: ($voted) => $voted.get("row").get("id"),
          score: ($voted) => $voted.get("row").get("score"),
          upVotes: ($voted) => $voted.get("row").get("up_votes"),
          downVotes: ($voted) => $voted.get("row").get("down_votes"),
          version: ($voted) => $voted.get("row").get("version"),
          viewerVote: ($voted) => $voted.get("value"),
        },
      },
      User: {
        plans: {
          pointsCompact: ($user) => lambda($user.get("points"), compact, true),
        },
      },
    },
  };
});

const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [viewersOwn],
  pgServices: [makePgService({ pool, schemas: ["public"] })],
  gather: { pgStrictFunctions: true },
  grafserv: { port, host: "127.0.0.1", graphqlPath: "/graphql", graphiql: false, watch: false, websockets: false },
  grafast: {
    explain: false,
    context: (requestContext) => ({ hash: tokenHash(requestContext.node.req.headers.authorization) }),
  },
};
const serv = postgraphile(preset).createServ(grafserv);
const server = createServer();
server.on("error", (error) => {
  throw error;
});
await serv.addTo(server);
server.listen(port, "127.0.0.1");
