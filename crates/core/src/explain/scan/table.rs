//! Turns exported sign-ins into records of one line each: tables of Log Analytics and of the portal, and
//! lists of Graph. Each record begins with its code, and successes are left out.

use std::borrow::Cow;

use serde_json::Value;

/// The columns and members with the code: of Log Analytics, of Azure Monitor's storage, of the portal
/// and of Graph.
const CODE: [&str; 4] = ["ResultType", "resultType", "Sign-in error code", "errorCode"];

/// The portal's columns, and the members of Graph with the same value.
const COLUMNS: [(&str, &str); 4] = [
    ("Date (UTC)", "createdDateTime"),
    ("Correlation ID", "correlationId"),
    ("Application ID", "appId"),
    ("Failure reason", "failureReason"),
];

/// The text, with a record in place of each sign-in of a table or list.
pub(super) fn as_records(text: &str) -> Cow<'_, str> {
    if !CODE.iter().any(|name| text.contains(name)) {
        return text.into();
    }
    from_json(text).or_else(|| from_cells(text)).map_or(text.into(), Cow::Owned)
}

/// How many lines are tried as the start of JSON. Each can be read to the end of the text.
const STARTS: usize = 8;

/// JSON documents one after the other, with the text before and after them.
fn from_json(text: &str) -> Option<String> {
    let mut start = 0;
    let starts = text.split_inclusive('\n').filter_map(|line| {
        let at = start + (line.len() - line.trim_start_matches([' ', '\t', '\u{feff}']).len());
        start += line.len();
        text[at..].starts_with(['{', '[']).then_some(at)
    });
    starts.take(STARTS).find_map(|at| {
        let mut stream = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>();
        let documents: Vec<_> = stream.by_ref().map_while(Result::ok).collect();
        let records = of_documents(&documents)?;
        let end = text.len() - text[at..].get(stream.byte_offset()..).map_or(0, str::len);
        Some([&text[..at], &records, &text[end..]].concat())
    })
}

/// The records of lists and tables, or of objects that are lines of their own.
fn of_documents(documents: &[Value]) -> Option<String> {
    let lists = documents.iter().filter_map(list);
    let alone = documents.iter().filter(|document| document.is_object() && list(document).is_none());
    let alone: Vec<_> = alone.collect();
    let alone = alone.iter().copied().filter(|_| alone.len() > 1);
    let of_lists = lists.flatten().chain(alone).filter_map(of_sign_in);
    let records: Vec<_> = documents.iter().filter_map(of_tables).chain(of_lists).collect();
    (!records.is_empty()).then(|| records.concat())
}

/// The sign-ins of a document, as Graph, `az monitor log-analytics query` and Azure Monitor's storage
/// write them.
fn list(document: &Value) -> Option<&Vec<Value>> {
    let members = ["value", "records"].iter().find_map(|name| document.get(name));
    members.unwrap_or(document).as_array()
}

/// The answer of the query API: `{"tables": [{"columns": [{"name": …}], "rows": [[…]]}]}`.
fn of_tables(document: &Value) -> Option<String> {
    let mut records = String::new();
    for table in document.get("tables")?.as_array()? {
        let columns = table.get("columns")?.as_array()?;
        let names: Vec<&str> = columns.iter().map(|column| column.get("name")?.as_str()).collect::<Option<_>>()?;
        for row in table.get("rows")?.as_array()? {
            let cells = row.as_array()?.iter().map(|cell| cell.as_str().map_or(cell.to_string(), str::to_owned));
            records += &record(&names, &cells.collect::<Vec<_>>());
        }
    }
    CODE.iter().any(|name| records.contains(name)).then_some(records)
}

/// The record of one sign-in. None for an object without a number as its code.
fn of_sign_in(one: &Value) -> Option<String> {
    let mut members = Vec::new();
    flatten(one, &mut members);
    let (_, code) = members.iter().find(|(name, _)| CODE.contains(name))?;
    let is_number = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
    let (names, cells): (Vec<_>, Vec<_>) = members.iter().cloned().unzip();
    is_number.then(|| record(&names, &cells))
}

/// The members of an object and of the objects in it that have a text or a number.
fn flatten<'a>(value: &'a Value, members: &mut Vec<(&'a str, String)>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::String(text) => members.push((name, text.clone())),
            Value::Number(number) => members.push((name, number.to_string())),
            other => flatten(other, members),
        }
    }
}

/// A table with a head, whose cells are separated by commas, semicolons or tabs. Lines before the head
/// stay.
fn from_cells(text: &str) -> Option<String> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        for separator in [',', ';', '\t'] {
            let (mut head, _) = row(line, separator);
            // Some exports have a separator at the end of the head alone.
            head.truncate(head.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1));
            if head.iter().any(|name| CODE.contains(&name.as_str())) && head.len() > 1 {
                return Some(text[..start].to_owned() + &records(&text[start + line.len()..], &head, separator));
            }
        }
        start += line.len();
    }
    None
}

/// The rows below a head as records. Lines that are no rows stay.
fn records(mut rest: &str, head: &[String], separator: char) -> String {
    let names: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut text = String::new();
    while !rest.is_empty() {
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let (cells, length) = row(rest, separator);
        let length = if cells.len() == names.len() {
            text += &record(&names, &cells);
            length
        } else {
            text += line;
            line.len()
        };
        rest = &rest[length..];
    }
    text
}

/// The cells of the first row, and its length in the text. A cell in quotes can contain separators,
/// line ends and doubled quotes (RFC 4180).
fn row(text: &str, separator: char) -> (Vec<String>, usize) {
    let mut cells = vec![String::new()];
    let mut in_quotes = false;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        let cell = cells.last_mut().filter(|_| at < LONGEST_ROW);
        let Some(cell) = cell else { return (cells, at) };
        match c {
            '"' if in_quotes && characters.next_if(|(_, next)| *next == '"').is_some() => cell.push('"'),
            '"' if in_quotes || cell.is_empty() => in_quotes = !in_quotes,
            '\n' if !in_quotes => return (cells, at + 1),
            '\r' | '\u{feff}' if !in_quotes => {}
            c if c == separator && !in_quotes => cells.push(String::new()),
            c => cell.push(c),
        }
    }
    (cells, text.len())
}

/// A longer row, in bytes, is no row: a quote is open.
const LONGEST_ROW: usize = 10_000;

/// A record as one line, which begins with the code. A success is no error and has no record.
fn record(names: &[&str], cells: &[String]) -> String {
    let is_code = |(name, _): &(&&str, &String)| CODE.contains(*name);
    let (code, others): (Vec<_>, Vec<_>) = names.iter().zip(cells).partition(is_code);
    if code.iter().any(|(_, cell)| cell.trim() == "0") {
        return String::new();
    }
    let member = |(name, cell): (&&str, &String)| {
        let name = COLUMNS.iter().find(|(column, _)| column == name).map_or(*name, |(_, member)| member);
        format!("{}:{}", Value::from(name), Value::from(cell.replace(['\r', '\n'], " ")))
    };
    let members: Vec<_> = code.into_iter().chain(others).map(member).collect();
    format!("{{{}}}\n\n", members.join(","))
}
