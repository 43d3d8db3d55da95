//SOURCES HttpAnswer.java
import java.util.Base64;

/**
 * The page of sse-serve, without outside resources. It is a Java file because a script that starts from a URL brings only
 * its sources along. It has neither a backslash nor three quotes, so the browser gets exactly this text.
 */
@SuppressWarnings("auxiliaryclass")
final class SseServePage {
    private static final String HTML = """
        <!DOCTYPE html>
        <html lang="en" data-now>
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>sse-serve</title>
        <link rel="icon" href="data:,">
        <style>
        :root {
          --page: #f6f7f9; --card: #fff; --text: #1b1f24; --dim: #66707b; --line: #dfe3e8; --accent: #0b66c3;
          --good: #1a7f37; --wait: #9a6700; --bad: #cf222e;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #0f1317; --card: #181d23; --text: #e4e8ec; --dim: #919ba6; --line: #2b323a; --accent: #6cb2ff;
            --good: #4ac26b; --wait: #d9a514; --bad: #ff7b72;
          }
        }
        * { box-sizing: border-box; }
        [hidden] { display: none !important; }
        body {
          margin: 0 auto; max-width: 70rem; padding: 0 1rem 2rem; background: var(--page); color: var(--text);
          font: 15px/1.45 system-ui, sans-serif;
        }
        header {
          position: sticky; top: 0; padding: .8rem 0; background: var(--page);
          display: flex; flex-wrap: wrap; align-items: center; gap: .6rem 1rem;
        }
        h1 { margin: 0; font-size: 1.15rem; }
        #state { display: inline-flex; align-items: center; gap: .45em; font-weight: 600; color: var(--wait); }
        #state::before { content: ""; width: .65em; height: .65em; border-radius: 50%; background: currentColor; }
        #state.live { color: var(--good); }
        #state.ended { color: var(--dim); }
        #state.locked { color: var(--bad); }
        #rate { display: flex; align-items: center; gap: .6rem; margin-left: auto; color: var(--dim); }
        #rate svg { width: 12rem; height: 2rem; color: var(--accent); }
        #rate output { min-width: 4.5em; text-align: right; font-variant-numeric: tabular-nums; }
        form, nav { display: flex; align-items: center; gap: .6rem; width: 100%; }
        select, button, input {
          min-height: 2.4rem; padding: 0 .8rem; border: 1px solid var(--line); border-radius: .5rem;
          background: var(--card); color: inherit; font: inherit;
        }
        select { min-width: 0; max-width: 16rem; }
        input { flex: 1; min-width: 0; }
        button[aria-pressed=true] { border-color: var(--wait); color: var(--wait); }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
        #count { margin-left: auto; color: var(--dim); font-variant-numeric: tabular-nums; }
        ol {
          margin: 0; padding: 0; list-style: none; background: var(--card);
          border: 1px solid var(--line); border-radius: .6rem; overflow: hidden;
        }
        li {
          display: grid; grid-template-columns: 6.6rem minmax(5rem, 9rem) minmax(4rem, 8rem) 1fr; gap: .2rem 1rem;
          padding: .45rem .9rem; overflow-wrap: anywhere;
        }
        li + li { border-top: 1px solid var(--line); }
        time, .id { color: var(--dim); font-variant-numeric: tabular-nums; }
        .type { color: var(--accent); font-weight: 600; }
        pre {
          margin: 0; max-height: 12rem; overflow: auto; white-space: pre-wrap;
          font: 13px/1.6 ui-monospace, monospace;
        }
        .earlier > * { opacity: .6; }
        li:not(.earlier) + .earlier { border-top: 3px double var(--wait); }
        #nothing { padding: 3rem 1rem; text-align: center; color: var(--dim); }
        @media (max-width: 40rem) {
          li { grid-template-columns: auto 1fr auto; }
          pre { grid-column: 1 / -1; }
        }
        </style>
        </head>
        <body>
        <header>
          <h1>sse-serve</h1>
          <span id="state" role="status">connecting</span>
          <span id="rate">
            <svg viewBox="0 0 59 20" preserveAspectRatio="none" role="img" aria-label="events in the last minute">
              <polyline id="line" fill="none" stroke="currentColor" stroke-width="1.5" vector-effect="non-scaling-stroke"/>
            </svg>
            <output id="now">0 / s</output>
          </span>
          <form id="login" hidden>
            <input id="token" type="password" placeholder="token" aria-label="token" autocomplete="current-password">
            <button>Connect</button>
          </form>
          <nav>
            <select id="filter" aria-label="type of event"><option value="">all types</option></select>
            <button id="pause" aria-pressed="false">Pause</button>
            <button id="again" hidden>Connect again</button>
            <span id="count">0 events</span>
          </nav>
        </header>
        <ol id="list"></ol>
        <p id="nothing">No events yet.</p>
        <script>
        'use strict';
        const KEPT = 500;              // events in memory and in the list
        const EARLIER = 50;            // events from before the page was opened
        const LONGEST = 20000;         // characters of one event in the list
        const SECONDS = 60;            // of the rate's line
        const BETWEEN_DRAWINGS = 100;  // ms
        const BEFORE_RETRY = 3000;     // ms

        const {state, line, now, login, token, filter, pause, again, count, list, nothing} =
          Object.fromEntries([...document.querySelectorAll('[id]')].map(element => [element.id, element]));
        const base = location.pathname.replace(/[/]*$/, '/');  // a proxy may serve the page below a prefix
        const opened = document.documentElement.dataset.now;  // ms, by the server's clock, as the times of events

        let events = [];               // newest first
        let undrawn = 0;               // how many of them are not in the list yet
        let fresh = 0;                 // how many came since the page was opened
        let earlier = 0;
        let lastId = '';
        let drawing = 0;
        const rates = new Array(SECONDS).fill(0);

        // ---- the connection ----

        function connect() {
          login.hidden = again.hidden = true;
          show('connecting');
          const source = new EventSource(url());
          source.onopen = () => show('live');
          source.onmessage = message => {
            lastId = message.lastEventId;
            take(JSON.parse(message.data));
          };
          source.onerror = () => {
            show('reconnecting');
            if (source.readyState === EventSource.CLOSED) {
              findOutWhy();
            }
          };
        }

        // An EventSource begins without the id of the one before it, and does not tell why it gave up.
        function url() {
          return base + 'events/json?' + (lastId ? 'lastEventId=' + encodeURIComponent(lastId) : 'last=' + EARLIER);
        }

        async function findOutWhy() {
          const answer = await fetch(url(), {method: 'HEAD', cache: 'no-store'}).catch(() => ({}));
          if (answer.status === 204) {
            show('ended');
            again.hidden = false;
          } else if (answer.status === 401) {
            show('locked');
            login.hidden = false;
          } else {
            setTimeout(connect, BEFORE_RETRY);
          }
        }

        login.onsubmit = async submission => {
          submission.preventDefault();
          const headers = {Authorization: 'Bearer ' + token.value.trim()};
          const answer = await fetch(base + 'session', {method: 'POST', headers}).catch(() => ({}));
          if (answer.ok) {
            token.value = '';
            connect();
          } else {
            token.select();
          }
        };

        again.onclick = connect;

        function show(name) {
          state.textContent = state.className = name;
        }

        // ---- the events ----

        function take(event) {
          event.isEarlier = Date.parse(event.time) < opened;
          events.unshift(event);
          events.length = Math.min(events.length, KEPT);
          undrawn++;
          if (event.isEarlier) {
            earlier++;
          } else {
            fresh++;
            rates[SECONDS - 1]++;
          }
          drawing ||= setTimeout(draw, BETWEEN_DRAWINGS);
        }

        function draw() {
          drawing = 0;
          drawTypes();
          if (!paused()) {
            list.prepend(...events.slice(0, undrawn).filter(one => [one.event, ''].includes(filter.value)).map(row));
            while (list.childElementCount > KEPT) {
              list.lastElementChild.remove();
            }
            undrawn = 0;
          }
          nothing.hidden = list.childElementCount > 0;
          nothing.textContent = events.length ? 'No events of this type.' : 'No events yet.';
          count.textContent = fresh + (fresh === 1 ? ' event' : ' events') + (earlier ? ', ' + earlier + ' earlier' : '')
            + (undrawn ? ', ' + undrawn + ' held' : '');
        }

        // Whatever comes from the stream becomes text, nothing else.
        function row(event) {
          const time = new Date(event.time);
          const clock = time.toTimeString().slice(0, 8) + '.' + String(time.getMilliseconds()).padStart(3, '0');
          const data = event.data.length > LONGEST
            ? event.data.slice(0, LONGEST) + ' ... (' + event.data.length + ' characters)' : event.data;
          const item = element('li', '', event.isEarlier ? 'earlier' : '');
          item.append(element('time', clock), element('span', event.event, 'type'), element('span', event.id, 'id'),
            element('pre', data, 'data'));
          return item;
        }

        function element(name, text, kind = '') {
          return Object.assign(document.createElement(name), {textContent: text, className: kind});
        }

        // ---- filter and pause ----

        function drawTypes() {
          const types = [...new Set(events.map(event => event.event)).add(filter.value)].filter(type => type).sort();
          const offered = [...filter.options].slice(1).map(option => option.value);
          if (JSON.stringify(types) !== JSON.stringify(offered)) {
            const chosen = filter.value;
            filter.replaceChildren(filter.options[0], ...types.map(type => new Option(type, type)));
            filter.value = chosen;
          }
        }

        function paused() {
          return pause.ariaPressed === 'true';
        }

        filter.onchange = () => {
          pause.ariaPressed = false;
          list.replaceChildren();
          undrawn = events.length;
          draw();
        };

        pause.onclick = () => {
          draw();
          pause.ariaPressed = !paused();
          draw();
        };

        // ---- the rate ----

        function drawRate() {
          const most = Math.max(...rates, 1);
          line.setAttribute('points', rates.map((rate, x) => x + ',' + (19 - 18 * rate / most)).join(' '));
          now.textContent = rates[SECONDS - 1] + ' / s';
          rates.push(0);
          rates.shift();
        }

        setInterval(drawRate, 1000);
        drawRate();
        connect();
        </script>
        </body>
        </html>
        """;

    private final String policy = "default-src 'none'; connect-src 'self'; img-src data:; script-src " + hash("script")
        + "; style-src " + hash("style") + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        + "; require-trusted-types-for 'script'; trusted-types 'none'";

    HttpAnswer answer() {
        return HttpAnswer.of(200, HTML.replaceFirst("data-now", "data-now=\"" + System.currentTimeMillis() + "\""))
            .with("Content-Type", "text/html; charset=utf-8")
            .with("Content-Security-Policy", policy)
            .with("Referrer-Policy", "no-referrer")
            .with("Cache-Control", "no-store");
    }

    /** What allows this one element of the page, and no other: its hash. */
    private static String hash(String element) {
        int start = HTML.indexOf("<" + element + ">") + element.length() + 2;
        String content = HTML.substring(start, HTML.indexOf("</" + element + ">"));
        return "'sha256-" + Base64.getEncoder().encodeToString(SseServe.sha256(content)) + "'";
    }
}
