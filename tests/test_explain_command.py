"""`qa explain`: by which statements a document is answered, what is left to graphql-core, and why."""

import json
import re
from pathlib import Path

import pytest
from command_line import Outcome, qa

from settings import ROOT

_DOCUMENTS = ROOT / "tests" / "documents"
#: Databases that are not there: a plan needs no more than to know of which kind they would be.
SQLITE, POSTGRES = "sqlite://nowhere/at/all.db", "postgres://nobody@127.0.0.1:1/nothing"
PASSWORD = "a long password"


def explained(url: str, name: str, *options: str) -> str:
    """What `qa explain` prints of `tests/documents/NAME.graphql`."""
    outcome = qa(url, "explain", str(_DOCUMENTS / f"{name}.graphql"), *options)
    assert (outcome.status, outcome.errors) == (0, ""), outcome
    return outcome.output


def refused(folder: Path, document: str, *options: str, url: str = SQLITE) -> str:
    """What is told of a document that cannot be explained; the file is called `wrong.graphql`."""
    file = folder / "wrong.graphql"
    file.write_text(document)
    outcome = qa(url, "explain", str(file), *options)
    assert (outcome.status, outcome.output) == (1, "")
    return outcome.errors.replace(f"{folder}/", "")


@pytest.fixture
def migrated(any_forum_url: str) -> str:
    """A migrated forum of either kind with one user, ann; its URL."""
    made = qa(any_forum_url, "user", "create", "ann", "--email", "ann@example.org", "--password", PASSWORD)
    assert made.status == 0, made
    return any_forum_url


def test_a_question_page_is_told_step_by_step_without_a_database() -> None:
    told = explained(SQLITE, "question_page", "--variables", '{"number": 7}')
    assert told.startswith("query QuestionPage, as a visitor sees it, on sqlite 64 of 64 fields run compiled. 1 ")
    steps = re.findall(r" (\d) ([a-z ]+): ([^:]*?) (?:with|SELECT) ", told)
    assert steps == [
        ("1", "user by id", "one row; not sent, since this viewer and these arguments name nothing"),
        ("2", "thread by number", "one row"),
        ("3", "tags of thread", "all rows"),
        ("4", "answers of thread", "how many there are"),
        ("5", "answers of thread", "the first 10, and one more to know whether there are others"),
        (
            "6",
            "comments of post",
            "the first 5 of each, and one more to know whether there are others, of many parents at once",
        ),
    ]
    joined = "category (category)", "post (question)", "users (author)", "users (editor)", "thread (thread)"
    assert f"with {' with '.join(joined)} SELECT" in told
    assert 'WHERE "t0"."state"=\'visible\' AND "t0"."id"=?1 LIMIT 1' in told
    assert "?1 the key that viewer and arguments give: 7" in told
    assert "?1 id of step 2" in told
    assert told.endswith("?1 all question.id of step 2 and id of step 5")
    assert not Path("nowhere").exists()


def test_one_statement_of_postgres_stands_with_the_first_of_its_steps() -> None:
    told = explained(POSTGRES, "question_page", "--variables", '{"number": 7}')
    assert told.startswith("query QuestionPage, as a visitor sees it, on postgres 64 of 64 fields run compiled. 1 ")
    assert "1 user by id: one row; not sent, since this viewer and these arguments name nothing 2 thread" in told
    steps = re.findall(r" (\d) ([a-z ]+): [^:]*?; by the statement of step 2", told)
    assert steps == [
        ("3", "tags of thread"),
        ("4", "answers of thread"),
        ("5", "answers of thread"),
        ("6", "comments of post"),
    ]
    assert told.count('SELECT ARRAY(SELECT "c0" FROM "s1")') == 1
    assert told.count("$1 for step 2: the key that viewer and arguments give: 7") == 1
    assert 'WHERE "t0"."thread_id"=(SELECT "c0" FROM "s1")' in told


def test_each_database_reads_the_first_of_each_parent_in_its_own_way() -> None:
    assert "CROSS JOIN LATERAL (SELECT" in explained(POSTGRES, "question_page")
    assert 'FROM json_each(?1) "keys"' in explained(SQLITE, "question_page")


def test_variables_that_must_be_are_made_up_where_nobody_gives_them() -> None:
    assert "Made up, since nobody said: $number = 1 " in explained(SQLITE, "question_page")
    assert "Made up" not in explained(SQLITE, "question_page", "--variables", '{"number": 7}')
    assert '$input = {"title": "1", "body": "1"}' in explained(SQLITE, "ask_question")


def test_the_size_and_the_place_of_a_page_are_those_of_the_variables() -> None:
    page = explained(SQLITE, "threads", "--variables", '{"first": 3, "orderBy": "NEWEST"}')
    assert "1 threads: the first 3, and one more to know whether there are others SELECT" in page
    assert page.endswith("LIMIT 4")


def test_what_dataloaders_give_is_told_too() -> None:
    page = explained(SQLITE, "user_page", "--variables", '{"name": "ann"}')
    assert "2 dataloader rank_by_points: once, for all points of step 1" in page


def test_of_a_mutation_the_rows_in_its_payload_run_by_plans() -> None:
    told = explained(SQLITE, "cast_vote")
    assert "mutation CastVote, as a visitor sees it, on sqlite" in told
    assert "16 of 16 fields run compiled. Compiled functions call the deed and show its payload" in told
    assert "castVote.post, as Question or Answer or Comment: 1 Post by id: one row with users (author) SELECT" in told
    assert told.endswith("?1 the key of the row that was given")


def test_of_a_subscription_the_rows_that_it_sends_run_by_plans() -> None:
    told = explained(SQLITE, "watch_votes")
    assert "6 of 7 fields run compiled; graphql-core executes 1. graphql-core executes the subscription; " in told
    assert " votesChanged, as Question or Answer or Comment: 1 Post by id: one row" in told


def test_a_mutation_that_is_not_plain_is_executed_by_graphql_core_around_its_rows(tmp_path: Path) -> None:
    file = tmp_path / "vote.graphql"
    file.write_text(
        'mutation { castVote(input: {postId: "1", value: UP}) { ... on CastVotePayload { post { id score } } } }'
    )
    told = qa(SQLITE, "explain", str(file)).output
    assert (
        "2 of 4 fields run compiled; graphql-core executes 2. graphql-core executes the mutation, and plans read the "
        "rows that it gives: an argument that is no variable."
    ) in told
    assert "castVote.post, as Question or Answer or Comment: 1 Post by id: one row" in told


def test_what_falls_back_is_told_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "introspection.graphql"
    file.write_text("{ __schema { queryType { name } } }")
    assert qa(SQLITE, "explain", str(file)) == Outcome(
        0,
        "query, as a visitor sees it, on sqlite 0 of 3 fields run compiled; graphql-core executes 3. "
        "Falls back: graphql-core answers all of it, field by field, since there is no plan: __schema: introspection",
        "",
    )


def test_the_function_that_makes_the_answer_is_shown_when_asked_for() -> None:
    assert "def answer(run)" not in explained(SQLITE, "who_am_i")
    told = explained(SQLITE, "who_am_i", "--text")
    assert "def answer(run): groups0 = run.groups[0] return { 'viewer': first([{ 'user': { " in told


def test_each_operation_of_a_document_is_explained_or_the_one_of_that_name(tmp_path: Path) -> None:
    file = tmp_path / "two.graphql"
    file.write_text("query A { site { name } } query B { viewer { user { id } } }")
    both = qa(SQLITE, "explain", str(file)).output
    assert re.findall(r"query \w+, as", both) == ["query A, as", "query B, as"]
    one = qa(SQLITE, "explain", str(file), "--operation", "B").output
    assert re.findall(r"query \w+, as", one) == ["query B, as"]


def test_a_users_plan_differs_from_a_visitors(migrated: str) -> None:
    told = explained(migrated, "question_page", "--as", "Ann")
    assert "as ann (REGISTERED) sees it" in told
    assert "with vote (viewer's Vote)" in told
    assert re.search(r"[?$]\d the viewer's id: \d+", told)
    assert "viewer's" not in explained(migrated, "question_page")
    nobody = qa(migrated, "explain", str(_DOCUMENTS / "home.graphql"), "--as", "nobody")
    assert nobody == Outcome(1, "", "There is no user nobody.")


def test_the_database_says_how_it_runs_each_statement(migrated: str) -> None:
    told = explained(migrated, "user_page", "--variables", '{"name": "ann"}', "--run")
    [first, *_] = re.findall(r"\| (.+?) 2 dataloader", told)
    assert first.startswith("SEARCH t0 USING INDEX" if migrated.startswith("sqlite") else "Result (cost=")
    assert told.count(" | ") >= 5


def test_nothing_is_done_to_be_explained(migrated: str) -> None:
    outcome = qa(migrated, "explain", str(_DOCUMENTS / "cast_vote.graphql"), "--run")
    assert outcome == Outcome(1, "", "Only a query is run: to be explained, nothing is done.")


def test_a_database_that_is_looked_at_must_be_there(sqlite_url: str) -> None:
    outcome = qa(sqlite_url, "explain", str(_DOCUMENTS / "home.graphql"), "--run")
    assert (outcome.status, outcome.errors) == (1, "The database is not at this version's schema yet. Run: qa migrate")


def test_mistakes_are_told_with_their_place(tmp_path: Path) -> None:
    assert refused(tmp_path, "{ site {") == "wrong.graphql:1:9: Syntax Error: Expected Name, found <EOF>."
    assert refused(tmp_path, "{\n  site { nam }\n}") == (
        "wrong.graphql:2:10: Cannot query field 'nam' on type 'Site'. Did you mean 'name'?"
    )
    assert refused(tmp_path, "{ site { name } }", "--operation", "X") == "There is no operation 'X' in the document."
    assert refused(tmp_path, "fragment A on Site { name }").startswith("wrong.graphql:1:1: Fragment 'A' is never used")


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ("{", "--variables is not JSON: Expecting property name enclosed in double quotes"),
        ("[1]", '--variables must be a JSON object: {"number": 1}.'),
        ('{"nmber": 1}', "There is no variable $nmber."),
        ('{"number": "one"}', "wrong.graphql:1:8: Variable '$number' has invalid value: Int cannot represent"),
        ('{"first": 1000}', "first must lie between 0 and 100; it is 1000."),
    ],
)
def test_wrong_variables_are_told(tmp_path: Path, variables: str, message: str) -> None:
    document = (
        "query ($number: Int!, $first: Int) { thread(number: $number) { answers(first: $first) { nodes { id } } } }"
    )
    assert refused(tmp_path, document, "--variables", variables).startswith(message)


def test_a_file_that_is_not_there_is_told() -> None:
    outcome = qa(SQLITE, "explain", "nowhere.graphql")
    assert outcome.status == 2
    assert "'nowhere.graphql': No such file or directory" in outcome.errors


def test_an_address_that_is_none_is_told() -> None:
    outcome = qa("mysql://somewhere", "explain", str(_DOCUMENTS / "home.graphql"))
    assert (outcome.status, outcome.output) == (1, "")
    assert outcome.errors.startswith("The database mysql://somewhere cannot be opened: its address is neither sqlite")


def test_every_documents_plan_can_be_told() -> None:
    for document in sorted(_DOCUMENTS.glob("*.graphql")):
        for url in (SQLITE, POSTGRES):
            assert "fields run compiled" in explained(url, document.stem, "--text"), document


def test_the_help_has_an_example_that_works() -> None:
    helped = qa(SQLITE, "explain", "--help").output
    example = re.search(r"Example: qa explain (\S+) --variables '(\{.*?\})'", re.sub(r" *│ *", " ", helped))
    assert example is not None
    assert "fields run compiled" in qa(SQLITE, "explain", str(ROOT / example[1]), "--variables", example[2]).output
    assert json.loads(example[2]) == {"number": 1}
