// eventsource-parser on fetch, each event as one JSON line: node, bun or deno run, parser.mjs URL
import { createParser } from "eventsource-parser";
import { writeSync } from "node:fs";

let lines = "";
const parser = createParser({
  onEvent(event) {
    const { event: type = "message", id = "", data } = event;
    lines += JSON.stringify({ event: type, id, data }) + "\n";
  },
});

const response = await fetch(process.argv[2]);
const decoder = new TextDecoder();
for await (const chunk of response.body) {
  parser.feed(decoder.decode(chunk, { stream: true }));
  writeSync(1, lines);
  lines = "";
}
