import { describeInLines } from './machine.mjs';
import { fine } from './table.mjs';

const PANEL = { width: 430, gap: 30, columns: 2, title: 42, row: 24, below: 26 };
const MARGIN = 24;
const VALUE_WIDTH = 112;
const HEAD = 76;
const LINE = 17;
const CAPTION_CHARACTERS = 140;

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
        show: value => `${fine(value)} µs`,
        unit: scenario => `µs of CPU per ${scenario.perCall > 1 ? 'key' : 'call'}`,
        ratio: (ours, best) =>
            ours < best
                ? `1/${(best / ours).toFixed(1)} of the best rival`
                : `${(ours / best).toFixed(1)} × the best rival`,
        best: Math.min,
    },
};

/**
 * Returns the charts of a run by name, without charts for which the run has no case.
 * @param look the ids of the `cases` and of `ours`, those that are `leftOut`, `labels` by id instead
 *     of those of the tables, the `labelWidth`, and a `note` below the title
 * @returns {Record<string, string>}
 */
export function drawCharts(report, look) {
    const found = look.cases.map(id => report.results.find(({ scenario }) => scenario.id === id)).filter(Boolean);
    if (found.length === 0) return {};
    const results = found.map(({ scenario, entries }) => ({
        scenario,
        entries: entries.filter(({ id }) => !look.leftOut.includes(id)),
    }));
    return Object.fromEntries(
        Object.entries(CHARTS).map(([name, chart]) => [name, draw(chart, look, report.run, results)]),
    );
}

/** Draws a picture of the results, with the machine, the versions and the command. */
function draw(chart, look, run, results) {
    const most = Math.max(...results.map(({ entries }) => entries.length));
    const height = PANEL.title + most * PANEL.row + PANEL.below;
    const columns = Math.min(PANEL.columns, results.length);
    const bottom = HEAD + Math.ceil(results.length / columns) * height;
    const caption = describeInLines(run).flatMap(wrapped);
    const width = MARGIN * 2 + PANEL.columns * PANEL.width + (PANEL.columns - 1) * PANEL.gap;
    const total = bottom + caption.length * LINE + MARGIN - LINE;
    const panels = results.map((result, i) =>
        panel(
            chart,
            look,
            result,
            MARGIN + (i % columns) * (PANEL.width + PANEL.gap),
            HEAD + Math.floor(i / columns) * height,
        ),
    );
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${total}" width="${width}" height="${total}" role="img" aria-label="${escape(chart.title)}">`,
        `<style>${STYLE}\n</style>`,
        `<rect class="page" width="100%" height="100%" rx="6"/>`,
        text(MARGIN, 34, `${chart.title}: ${chart.hint}`, 'title'),
        text(MARGIN, 56, look.note, 'quiet'),
        ...panels,
        ...caption.map((line, i) => text(MARGIN, bottom + i * LINE, line, 'quiet')),
        '</svg>',
        '',
    ].join('\n');
}

/** Draws a bar per contender, on a scale that only this case uses. */
function panel({ figure, show, unit, ratio, best }, look, { scenario, entries }, x, y) {
    const { ours: oursIds, labels, labelWidth } = look;
    const isRival = id => !oursIds.includes(id) && id !== 'floor';
    const sound = entries.filter(({ failure }) => failure === undefined);
    const longest = Math.max(...sound.map(figure));
    const rivals = sound.filter(({ id }) => isRival(id)).map(figure);
    const room = PANEL.width - labelWidth - VALUE_WIDTH;
    const bars = entries.flatMap((entry, i) => {
        const { id, failure } = entry;
        const top = y + PANEL.title + i * PANEL.row;
        const isOurs = oursIds.includes(id);
        const label = labels[id] ?? entry.label.replace(/^the /, 'our ');
        const name = text(x + labelWidth - 8, top + 14, label, isOurs ? 'end mine' : 'end');
        if (failure !== undefined) return [name, text(x + labelWidth, top + 14, failure.slice(0, 40), 'quiet')];
        const width = Math.max(1, (figure(entry) / longest) * room).toFixed(1);
        const kind = isOurs ? 'ours' : isRival(id) ? 'rival' : 'floor';
        return [
            name,
            `<rect class="${kind}" x="${x + labelWidth}" y="${top + 1}" width="${width}" height="${PANEL.row - 6}" rx="2"/>`,
            text(x + labelWidth + Number(width) + 6, top + 14, show(figure(entry)), isOurs ? 'mine' : ''),
        ];
    });
    const ours = sound.find(({ id }) => oursIds.includes(id));
    const compared = ours && rivals.length > 0 ? ` · ${ratio(figure(ours), best(...rivals))}` : '';
    return [text(x, y + 14, scenario.title, 'case'), text(x, y + 31, unit(scenario) + compared, 'quiet'), ...bars].join(
        '\n',
    );
}

/** Breaks a line of the caption at its spaces. */
const wrapped = line => line.match(new RegExp(`\\S.{0,${CAPTION_CHARACTERS - 2}}\\S?(?=\\s|$)`, 'g'));

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
