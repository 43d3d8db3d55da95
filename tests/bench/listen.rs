//! An SSE client as one writes it with ureq and serde_json, each event as one JSON line: listen URL

use serde::Serialize;
use std::error::Error;
use std::io::{BufRead, BufReader, BufWriter, Write};

#[derive(Serialize)]
struct Event {
    event: String,
    id: String,
    data: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("listen URL")?;
    let mut lines = BufReader::with_capacity(64 << 10, ureq::get(&url).call()?.into_reader());
    let mut out = BufWriter::with_capacity(64 << 10, std::io::stdout().lock());
    let mut current = Event { event: "message".into(), id: String::new(), data: String::new() };
    let mut has_data = false;
    let mut line = String::new();
    while lines.read_line(&mut line)? > 0 {
        let text = line.trim_end_matches('\n');
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" if text.is_empty() => {
                if has_data {
                    serde_json::to_writer(&mut out, &current)?;
                    out.write_all(b"\n")?;
                }
                current.event = "message".into();
                current.data.clear();
                has_data = false;
            }
            "data" => {
                if has_data {
                    current.data.push('\n');
                }
                current.data.push_str(value);
                has_data = true;
            }
            "event" => current.event = value.into(),
            "id" => current.id = value.into(),
            _ => {}
        }
        line.clear();
    }
    out.flush()?;
    Ok(())
}
