import { describeInLines } from './machine.mjs';

/** The cases of the README's chart, with the default settings. The tables show the other cases. */
const SHOWN = ['get-100B@64', 'set-100B@64', 'getMany-100x100B@8', 'retrieve-100B@64'];
const OURS = ['ours-5', 'cache-1000'];
const LEFT_OUT = ['ours-1', 'ours-meta', 'floor-meta', 'cache-0', 'cache-load', 'json'];
const LABELS = {
    'ours-5': 'this package',
    'cache-1000': 'MemcachedCache',
    'memcached-json': 'memcached + JSON',
};

const PANEL = { width: 430, gap: 30, columns: 2, title: 42, row: 24, below: 26 };
const MARGIN = 24;
const LABEL_WIDTH = 140;
const VALUE_WIDTH = 112;
const HEAD = 76;
const LINE = 17;

/** The style of a picture that a README shows on a white or a black background. */
const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif; fill: #1f2328 }
  .title { font-size: 18px; font-weight: 600 }
  .case, .mine { font-weight: 600 }
  .quiet { fill: #59636e; font-size: 12px }
  .end { text-anchor: end }
  .page { fill: #ffffff }
  .ours { fill: #c2410c }
  .rival { fill: #8c959f }
  .floor { fill: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .quiet { fill: #9198a1 }
    .page { fill: #0d1117 }
    .ours { fill: #fb923c }
    .rival { fill: #656c76 }
    .floor { fill: #3d444d }
  }`;

const CHARTS = {
    throughput: {
        title: 'What a process gets done per second',
        hint: 'longer is better',
        figure: entry => entry.perSecond,
        show: short,
        unit: scenario => scenario.unit,
        ratio: (ours, best) => `${(ours / best).toFixed(1)} × the best rival`,
        best: Math.max,
    },
    cpu: {
        title: 'What a call costs the process',
        hint: 'shorter is better',
        figure: entry => entry.cpuMicros,
        show: value => `${value.toPrecision(2)} µs`,
        unit: scenario => `µs of CPU per ${scenario.perCall > 1 ? 'key' : 'call'}`,
        ratio: (ours, best) => `1/${(best / ours).toFixed(1)} of the best rival`,
        best: Math.min,
    },
};

/**
 * Returns the charts of a run by name, without charts for which the run has no case.
 * @returns {Record<string, string>}
 */
export function drawCharts(report) {
    const results = SHOWN.map(id => report.results.find(({ scenario }) => scenario.id === id)).filter(Boolean);
    if (results.length === 0) return {};
    return Object.fromEntries(Object.entries(CHARTS).map(([name, chart]) => [name, draw(chart, report.run, results)]));
}

/** Draws a picture of the results, with the machine, the versions and the command. */
function draw(chart, run, results) {
    const most = Math.max(...results.map(({ entries }) => shownOf(entries).length));
    const height = PANEL.title + most * PANEL.row + PANEL.below;
    const columns = Math.min(PANEL.columns, results.length);
    const bottom = HEAD + Math.ceil(results.length / columns) * height;
    const caption = describeInLines(run);
    const width = MARGIN * 2 + PANEL.columns * PANEL.width + (PANEL.columns - 1) * PANEL.gap;
    const total = bottom + caption.length * LINE + MARGIN - LINE;
    const panels = results.map((result, i) =>
        panel(
            chart,
            result,
            MARGIN + (i % columns) * (PANEL.width + PANEL.gap),
            HEAD + Math.floor(i / columns) * height,
        ),
    );
    const floor = 'floor: a socket that sends bytes made beforehand and only counts what comes back';
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}" role="img" aria-label="${escape(chart.title)}">`,
        `<style>${STYLE}\n</style>`,
        `<rect class="page" width="100%" height="100%" rx="6"/>`,
        text(MARGIN, 34, `${chart.title}: ${chart.hint}`, 'title'),
        text(MARGIN, 56, floor, 'quiet'),
        ...panels,
        ...caption.map((line, i) => text(MARGIN, bottom + i * LINE, line, 'quiet')),
        '</svg>',
        '',
    ].join('\n');
}

const shownOf = entries => entries.filter(({ id }) => !LEFT_OUT.includes(id));
const isRival = id => !OURS.includes(id) && id !== 'floor';

/** Draws a bar per contender, on a scale that only this case uses. */
function panel({ figure, show, unit, ratio, best }, { scenario, entries }, x, y) {
    const shown = shownOf(entries);
    const sound = shown.filter(({ failure }) => failure === undefined);
    const longest = Math.max(...sound.map(figure));
    const rivals = sound.filter(({ id }) => isRival(id)).map(figure);
    const room = PANEL.width - LABEL_WIDTH - VALUE_WIDTH;
    const bars = shown.flatMap((entry, i) => {
        const { id, failure } = entry;
        const top = y + PANEL.title + i * PANEL.row;
        const isOurs = OURS.includes(id);
        const label = LABELS[id] ?? entry.label.replace(/^the /, 'our ');
        const name = text(x + LABEL_WIDTH - 8, top + 14, label, isOurs ? 'end mine' : 'end');
        if (failure !== undefined) return [name, text(x + LABEL_WIDTH, top + 14, failure.slice(0, 40), 'quiet')];
        const width = Math.max(1, (figure(entry) / longest) * room).toFixed(1);
        const kind = isOurs ? 'ours' : isRival(id) ? 'rival' : 'floor';
        return [
            name,
            `<rect class="${kind}" x="${x + LABEL_WIDTH}" y="${top + 1}" width="${width}" height="${PANEL.row - 6}" rx="2"/>`,
            text(x + LABEL_WIDTH + Number(width) + 6, top + 14, show(figure(entry)), isOurs ? 'mine' : ''),
        ];
    });
    const ours = sound.find(({ id }) => OURS.includes(id));
    const compared = ours && rivals.length > 0 ? ` · ${ratio(figure(ours), best(...rivals))}` : '';
    return [text(x, y + 14, scenario.title, 'case'), text(x, y + 31, unit(scenario) + compared, 'quiet'), ...bars].join(
        '\n',
    );
}

function text(x, y, content, style) {
    return `<text x="${x}" y="${y}"${style === '' ? '' : ` class="${style}"`}>${escape(content)}</text>`;
}

function escape(content) {
    return content.replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
}

function short(value) {
    if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
    return value >= 1e4 ? `${Math.round(value / 1e3)} k` : `${Math.round(value)}`;
}
