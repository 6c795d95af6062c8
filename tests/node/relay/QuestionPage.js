/** What a question page made with Relay asks for. relay-compiler reads the tags; `question_page.mjs` runs the result. */
import { graphql } from "relay-runtime";

graphql`
  query QuestionPageQuery($number: Int!) {
    viewer {
      user {
        id
        name
        pointsCompact
      }
    }
    thread(number: $number) {
      id
      title
      answerCount
      question {
        ...QuestionPage_post
      }
      ...QuestionPage_answers
    }
  }
`;

graphql`
  fragment QuestionPage_post on Post {
    id
    bodyHtml
    score
    viewerVote
    version
    author {
      id
      name
      points
    }
    viewerCan(action: VOTE_UP) {
      allowed
      message
    }
    ...QuestionPage_comments
  }
`;

graphql`
  fragment QuestionPage_answers on Thread
  @refetchable(queryName: "QuestionPageAnswersQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 10 }
    cursor: { type: "String" }
    orderBy: { type: "AnswerOrder", defaultValue: BEST }
  ) {
    answers(first: $count, after: $cursor, orderBy: $orderBy) @connection(key: "QuestionPage_answers") {
      totalCount
      edges {
        node {
          id
          isBest
          ...QuestionPage_post
        }
      }
    }
  }
`;

graphql`
  fragment QuestionPage_comments on Post
  @refetchable(queryName: "QuestionPageCommentsQuery")
  @argumentDefinitions(count: { type: "Int", defaultValue: 5 }, cursor: { type: "String" }) {
    commentCount
    comments(first: $count, after: $cursor) @connection(key: "QuestionPage_comments") {
      edges {
        node {
          id
          bodyHtml
          score
          displayName
        }
      }
    }
  }
`;

graphql`
  mutation QuestionPagePostAnswerMutation($input: PostAnswerInput!, $connections: [ID!]!) {
    postAnswer(input: $input) {
      __typename
      ... on PostAnswerPayload {
        answerEdge @appendEdge(connections: $connections) {
          node {
            id
            isBest
            ...QuestionPage_post
          }
        }
        thread {
          id
          answerCount
        }
      }
      ... on Error {
        message
      }
    }
  }
`;

graphql`
  mutation QuestionPagePostCommentMutation($input: PostCommentInput!, $connections: [ID!]!) {
    postComment(input: $input) {
      __typename
      ... on PostCommentPayload {
        commentEdge @appendEdge(connections: $connections) {
          node {
            id
            bodyHtml
            score
            displayName
          }
        }
        parent {
          id
          commentCount
        }
      }
      ... on Error {
        message
      }
    }
  }
`;

graphql`
  mutation QuestionPageCastVoteMutation($input: CastVoteInput!) {
    castVote(input: $input) {
      __typename
      ... on CastVotePayload {
        post {
          id
          score
          viewerVote
          version
          author {
            id
            points
          }
        }
      }
      ... on Error {
        message
      }
    }
  }
`;

graphql`
  subscription QuestionPageVotesSubscription($postIds: [ID!]!) {
    votesChanged(postIds: $postIds) {
      id
      score
      version
    }
  }
`;
