//! The layout of a model file: two spaces per level, and a column on one line, so that a change of one
//! coefficient is a change of one line.

use serde_json::Value;

/// Up to this length an object or an array stays on its line.
const LINE: usize = 240;
/// Lines of more numbers than that have about this length.
const PARAGRAPH: usize = 120;

pub(super) fn lay_out(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let line = one_line(value);
    if depth > 0 && line.len() <= LINE {
        out.push_str(&line);
        return;
    }
    match value {
        Value::Object(map) => {
            let items = map.iter().map(|(key, value)| (Some(key), value));
            write_items(items, ('{', '}'), depth, out);
        }
        Value::Array(list) if list.iter().all(Value::is_number) => fill(list, depth, out),
        Value::Array(list) => {
            write_items(
                list.iter().map(|value| (None, value)),
                ('[', ']'),
                depth,
                out,
            );
        }
        _ => out.push_str(&line),
    }
}

/// Many numbers, as many on a line as fit, as words in a paragraph.
fn fill(numbers: &[Value], depth: usize, out: &mut String) {
    out.push('[');
    let mut room = 0;
    for (i, number) in numbers.iter().enumerate() {
        let text = number.to_string();
        let comma = if i + 1 < numbers.len() { "," } else { "" };
        // A space or the comma's place, and the number with its own.
        let wanted = text.len() + 2;
        if wanted > room {
            out.push('\n');
            indent(depth + 1, out);
            room = PARAGRAPH;
        } else {
            out.push(' ');
        }
        room = room.saturating_sub(wanted);
        out.push_str(&text);
        out.push_str(comma);
    }
    out.push('\n');
    indent(depth, out);
    out.push(']');
}

fn write_items<'a>(
    items: impl Iterator<Item = (Option<&'a String>, &'a Value)>,
    (open, close): (char, char),
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    for (i, (key, value)) in items.enumerate() {
        out.push_str(if i == 0 { "\n" } else { ",\n" });
        indent(depth + 1, out);
        if let Some(key) = key {
            out.push_str(&Value::from(key.as_str()).to_string());
            out.push_str(": ");
        }
        write(value, depth + 1, out);
    }
    out.push('\n');
    indent(depth, out);
    out.push(close);
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', 2 * depth));
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let items: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), one_line(value)))
                .collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(one_line).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}
