//! Statements on one Postgres connection.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use spin_sdk::pg::{Connection, ParameterValue};

use crate::shown;

/// `{"address": …, "statements": [["query" | "execute", "SELECT $1", [{"str": "x"}]]]}`
pub async fn statements(request: Value) -> Result<Value> {
    let address = request["address"].as_str().context("no address")?;
    let connection = match Connection::open(address).await {
        Ok(connection) => connection,
        Err(error) => return Ok(json!([{ "open": format!("{error:?}") }])),
    };
    let mut answers = Vec::new();
    for statement in request["statements"].as_array().context("no statements")? {
        let text = statement[1].as_str().context("no text")?;
        let parameters = statement[2].as_array().map_or(&[][..], Vec::as_slice);
        let parameters = parameters.iter().map(parameter).collect::<Result<Vec<_>>>()?;
        answers.push(match statement[0].as_str() {
            Some("query") => query(&connection, text, parameters).await,
            Some("execute") => shown(connection.execute(text, parameters).await),
            _ => bail!("query or execute"),
        });
    }
    Ok(json!(answers))
}

async fn query(connection: &Connection, text: &str, parameters: Vec<ParameterValue>) -> Value {
    let mut result = match connection.query(text, parameters).await {
        Ok(result) => result,
        Err(error) => return json!({ "error": format!("{error:?}") }),
    };
    let columns: Vec<_> =
        result.columns().iter().map(|c| json!([c.name, format!("{:?}", c.data_type)])).collect();
    let mut rows = Vec::new();
    while let Some(row) = result.rows().next().await {
        rows.push(row.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>());
    }
    json!({ "columns": columns, "rows": rows, "end": shown(result.result().await) })
}

fn parameter(value: &Value) -> Result<ParameterValue> {
    let (kind, value) = value.as_object().and_then(|o| o.iter().next()).context("no parameter")?;
    let text = || value.as_str().map(str::to_owned).context("expected a string");
    let number = || value.as_i64().context("expected a number");
    let texts = || {
        let values = value.as_array().context("expected an array")?;
        Ok::<_, anyhow::Error>(values.iter().map(|v| v.as_str().map(str::to_owned)).collect())
    };
    Ok(match kind.as_str() {
        "null" => ParameterValue::DbNull,
        "bool" => ParameterValue::Boolean(value.as_bool().context("expected a boolean")?),
        "int16" => ParameterValue::Int16(number()?.try_into()?),
        "int32" => ParameterValue::Int32(number()?.try_into()?),
        "int64" => ParameterValue::Int64(number()?),
        "float64" => ParameterValue::Floating64(value.as_f64().context("expected a number")?),
        "str" => ParameterValue::Str(text()?),
        "binary" => ParameterValue::Binary(text()?.into_bytes()),
        "date" => ParameterValue::Date((number()?.try_into()?, 2, 3)),
        "time" => ParameterValue::Time((1, 2, 3, u32::try_from(number()?)?)),
        "datetime" => ParameterValue::Datetime((number()?.try_into()?, 2, 3, 4, 5, 6, 7000)),
        "timestamp" => ParameterValue::Timestamp(number()?),
        "uuid" => ParameterValue::Uuid(text()?),
        "jsonb" => ParameterValue::Jsonb(text()?.into_bytes()),
        "decimal" => ParameterValue::Decimal(text()?),
        "texts" => ParameterValue::ArrayStr(texts()?),
        "decimals" => ParameterValue::ArrayDecimal(texts()?),
        "int64s" => ParameterValue::ArrayInt64(
            value.as_array().context("expected an array")?.iter().map(Value::as_i64).collect(),
        ),
        "range" => ParameterValue::RangeInt32((None, None)),
        _ => bail!("no such parameter: {kind}"),
    })
}
