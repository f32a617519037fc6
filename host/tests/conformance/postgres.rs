//! Postgres through the host: types, errors, and the pool that does not roll back.

use serde_json::{Value, json};

use crate::support::{Application, Host, database_url};

fn run(host: &Host, statements: Value) -> Value {
    host.post("/postgres", &json!({ "address": database_url(), "statements": statements }))
}

fn query(host: &Host, text: &str, parameters: Value) -> Value {
    run(host, json!([["query", text, parameters]]))[0].clone()
}

#[test]
fn columns_arrive_with_their_types() {
    let host = Application::new().start();
    for (expression, column, value) in [
        ("true", "DbDataType::Boolean", "DbValue::Boolean(true)"),
        ("1::int2", "DbDataType::Int16", "DbValue::Int16(1)"),
        ("1::int4", "DbDataType::Int32", "DbValue::Int32(1)"),
        ("1::int8", "DbDataType::Int64", "DbValue::Int64(1)"),
        ("1.5::float4", "DbDataType::Floating32", "DbValue::Floating32(1.5)"),
        ("1.5::float8", "DbDataType::Floating64", "DbValue::Floating64(1.5)"),
        ("'a'::text", "DbDataType::Str", "DbValue::Str(\"a\")"),
        ("'a'::varchar", "DbDataType::Str", "DbValue::Str(\"a\")"),
        ("'a'::char(2)", "DbDataType::Str", "DbValue::Str(\"a \")"),
        ("null::text", "DbDataType::Str", "DbValue::DbNull"),
        ("'\\x0102'::bytea", "DbDataType::Binary", "DbValue::Binary([1, 2])"),
        ("'2026-02-03'::date", "DbDataType::Date", "DbValue::Date((2026, 2, 3))"),
        ("'01:02:03.5'::time", "DbDataType::Time", "DbValue::Time((1, 2, 3, 500000000))"),
        (
            "'2026-02-03 04:05:06'::timestamp",
            "DbDataType::Datetime",
            "DbValue::Datetime((2026, 2, 3, 4, 5, 6, 0))",
        ),
        (
            "'00000000-0000-0000-0000-00000000000a'::uuid",
            "DbDataType::Uuid",
            "DbValue::Uuid(\"00000000-0000-0000-0000-00000000000a\")",
        ),
        ("'[1]'::jsonb", "DbDataType::Jsonb", "DbValue::Jsonb([91, 49, 93])"),
        ("1.50::numeric", "DbDataType::Decimal", "DbValue::Decimal(\"1.50\")"),
        ("'{1,null}'::int4[]", "DbDataType::ArrayInt32", "DbValue::ArrayInt32([Some(1), None])"),
        ("'{1}'::int8[]", "DbDataType::ArrayInt64", "DbValue::ArrayInt64([Some(1)])"),
        ("'{a}'::text[]", "DbDataType::ArrayStr", "DbValue::ArrayStr([Some(\"a\")])"),
        (
            "'{1.5}'::numeric[]",
            "DbDataType::ArrayDecimal",
            "DbValue::ArrayDecimal([Some(\"1.5\")])",
        ),
        (
            "'1 month 2 days 3 us'::interval",
            "DbDataType::Interval",
            "DbValue::Interval(Interval { micros: 3, days: 2, months: 1 })",
        ),
        ("'{}'::json", "DbDataType::Other(\"json\")", "DbValue::Unsupported([123, 125])"),
    ] {
        let answer = query(&host, &format!("SELECT {expression} AS x"), json!([]));
        let expected =
            json!({ "columns": [["x", column]], "rows": [[value]], "end": { "ok": "()" } });
        assert_eq!(answer, expected, "{expression}");
    }
}

#[test]
fn parameters_fit_their_type_exactly() {
    let host = Application::new().start();
    for (place, parameter) in [
        ("$1::bool", json!({ "bool": true })),
        ("$1::int2", json!({ "int16": 1 })),
        ("$1::int4", json!({ "int32": 1 })),
        ("$1::int8", json!({ "int64": 1 })),
        ("$1::float8", json!({ "float64": 1.5 })),
        ("$1::text", json!({ "str": "x" })),
        ("$1::bytea", json!({ "binary": "x" })),
        ("$1::date", json!({ "date": 2026 })),
        ("$1::time", json!({ "time": 1000 })),
        ("$1::timestamp", json!({ "datetime": 2026 })),
        ("$1::timestamptz::text", json!({ "timestamp": 1 })),
        ("$1::uuid", json!({ "uuid": "00000000-0000-0000-0000-00000000000a" })),
        ("$1::jsonb", json!({ "jsonb": "[1]" })),
        ("$1::numeric", json!({ "decimal": "1.5" })),
        ("$1::int8[]", json!({ "int64s": [1, null] })),
        ("$1::text[]", json!({ "texts": ["x", null] })),
        ("$1::numeric[]", json!({ "decimals": ["1.5", null] })),
        ("$1::uuid", json!({ "null": null })),
    ] {
        let answer = query(&host, &format!("SELECT {place}"), json!([parameter]));
        assert_eq!(answer["end"], json!({ "ok": "()" }), "{place}: {answer}");
        assert_eq!(answer["rows"].as_array().unwrap().len(), 1, "{place}");
    }
    for (place, parameter) in [
        ("$1::int4", json!({ "int64": 1 })),
        ("$1::uuid", json!({ "str": "00000000-0000-0000-0000-00000000000a" })),
        ("$1::timestamptz", json!({ "str": "2026-01-01" })),
    ] {
        let answer = query(&host, &format!("SELECT {place}::text"), json!([parameter]));
        assert!(answer.to_string().contains("WrongType"), "{place}: {answer}");
    }
    let uuid = query(&host, "SELECT $1::uuid", json!([{ "uuid": "no" }]));
    assert!(uuid.to_string().contains("BadParameter(\\\"invalid UUID no"), "{uuid}");
    let range = query(&host, "SELECT $1::int4range", json!([{ "range": null }]));
    assert!(range.to_string().contains("no range parameters"), "{range}");
}

#[test]
fn a_timestamptz_column_cannot_be_read() {
    let host = Application::new().start();
    let answer = query(&host, "SELECT now() AS x", json!([]));
    let end = answer["end"]["error"].as_str().unwrap();
    assert!(end.contains("error deserializing column"), "{answer}");
}

#[test]
fn a_refusal_of_the_server_has_its_sqlstate() {
    let host = Application::new().start();
    let table = "CREATE TABLE sqlstate (id int CONSTRAINT only_once PRIMARY KEY)";
    let insert = "INSERT INTO sqlstate VALUES (1)";
    let returning = "INSERT INTO sqlstate VALUES (1) RETURNING id";
    let answers = run(
        &host,
        json!([["execute", table], ["execute", insert], ["execute", insert], ["query", returning]]),
    );
    assert_eq!(answers[1], json!({ "ok": "1" }));
    let refused = answers[2]["error"].as_str().unwrap();
    for part in
        ["DbError", "code: \"23505\"", "severity: \"ERROR\"", "(\"constraint\", \"only_once\")"]
    {
        assert!(refused.contains(part), "no {part} in {refused}");
    }
    // A query that fails while it runs has begun well: the error comes at the end of the rows.
    assert_eq!(answers[3]["rows"], json!([]));
    assert!(answers[3]["end"]["error"].as_str().unwrap().contains("23505"), "{}", answers[3]);
}

#[test]
fn no_rows_have_no_columns() {
    let host = Application::new().start();
    let answer = query(&host, "SELECT 1 AS x WHERE false", json!([]));
    assert_eq!(answer, json!({ "columns": [], "rows": [], "end": { "ok": "()" } }));
}

#[test]
fn many_rows_arrive_in_order() {
    let host = Application::new().start();
    let answer = query(&host, "SELECT n FROM generate_series(1, 1000) n", json!([]));
    let rows = answer["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1000);
    assert_eq!(rows[999], json!(["DbValue::Int32(1000)"]));
}

#[test]
fn a_transaction_left_open_is_found_by_the_next_request() {
    let host = Application::new().start();
    run(&host, json!([["execute", "CREATE TABLE leak (id int)"]]));
    run(&host, json!([["execute", "BEGIN"], ["execute", "INSERT INTO leak VALUES (1)"]]));
    let count = "SELECT count(*) FROM leak";
    let one = json!([["DbValue::Int64(1)"]]);
    assert_eq!(query(&host, count, json!([]))["rows"], one, "the same connection");

    run(&host, json!([["execute", "COMMIT"]]));
    let other = Application::new().start();
    assert_eq!(query(&other, count, json!([]))["rows"], one, "committed by the later request");
}

#[test]
fn addresses_that_are_not_allowed_or_not_there_are_failed_connections() {
    let host = Application::new().start();
    for (address, text) in [
        ("postgres://u@localhost:1/d", "address postgres://localhost:1 is not permitted"),
        ("postgres://u@127.0.0.1:1/d", "error connecting to server"),
        ("host=/run user=u", "Unix sockets are not supported"),
    ] {
        let answer = host.post("/postgres", &json!({ "address": address, "statements": [] }));
        let open = answer[0]["open"].as_str().unwrap();
        assert!(open.contains("ConnectionFailed") && open.contains(text), "{address}: {open}");
    }
}
