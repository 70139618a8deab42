import { isLatencyCase } from './compare.mjs';
import { describeInLines } from './machine.mjs';

const PANEL = { width: 540, gap: 40, columns: 2, title: 34, row: 22, below: 26 };
const MARGIN = 30;
const LABEL_WIDTH = 125;
const VALUE_WIDTH = 150;
const HEAD = 84;
const COLOURS = { ours: '#c2410c', rival: '#64748b', floor: '#cbd5e1', ink: '#1e293b', quiet: '#64748b' };

const escape = text => text.replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const short = value =>
    value >= 1e6
        ? `${(value / 1e6).toFixed(2)} M`
        : value >= 1e4
          ? `${Math.round(value / 1e3)} k`
          : `${Math.round(value)}`;

function text(x, y, content, { size = 13, fill = COLOURS.ink, weight = 400, anchor = 'start' } = {}) {
    return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}" font-weight="${weight}" text-anchor="${anchor}">${escape(content)}</text>`;
}

const colourOf = id => (id.startsWith('ours') ? COLOURS.ours : id === 'floor' ? COLOURS.floor : COLOURS.rival);

/** One panel per case: a bar per contender, on a scale of its own. */
function panel({ scenario, entries }, x, y) {
    const isLatency = isLatencyCase(scenario);
    const figure = entry => (isLatency ? entry.p99Ms : entry.perSecond);
    const most = Math.max(...entries.filter(entry => entry.failure === undefined).map(figure));
    const room = PANEL.width - LABEL_WIDTH - VALUE_WIDTH;
    const unit = isLatency ? 'p99 of the small get in ms, shorter is better' : scenario.unit;
    const parts = [
        text(x, y + 12, scenario.title, { size: 14, weight: 600 }),
        text(x, y + 27, unit, { size: 11, fill: COLOURS.quiet }),
    ];
    entries.forEach((entry, i) => {
        const top = y + PANEL.title + i * PANEL.row;
        const base = top + 15;
        parts.push(text(x + LABEL_WIDTH - 8, base, entry.label, { anchor: 'end', size: 12 }));
        if (entry.failure !== undefined) {
            parts.push(text(x + LABEL_WIDTH, base, entry.failure.slice(0, 60), { fill: COLOURS.quiet, size: 12 }));
            return;
        }
        const width = Math.max(1, (figure(entry) / most) * room);
        const value = isLatency ? `${entry.p99Ms.toFixed(2)} ms` : short(figure(entry));
        const times = entry.timesBestRival == null ? '' : ` · ${entry.timesBestRival.toFixed(2)} ×`;
        parts.push(
            `<rect x="${x + LABEL_WIDTH}" y="${top + 2}" width="${width.toFixed(1)}" height="${PANEL.row - 6}" fill="${colourOf(entry.id)}"/>`,
            text(x + LABEL_WIDTH + width + 6, base, value + times, {
                size: 12,
                weight: entry.id.startsWith('ours') ? 600 : 400,
            }),
        );
    });
    return parts.join('\n');
}

/** The whole run as one picture that carries what its figures need to be believed. */
export function drawChart({ run, results }) {
    const most = Math.max(...results.map(({ entries }) => entries.length));
    const height = PANEL.title + most * PANEL.row + PANEL.below;
    const columns = Math.min(PANEL.columns, results.length);
    const rows = Math.ceil(results.length / columns);
    const caption = describeInLines(run);
    const total = {
        width: Math.max(MARGIN * 2 + columns * PANEL.width + (columns - 1) * PANEL.gap, 1000),
        height: HEAD + rows * height + caption.length * 17 + MARGIN,
    };
    const panels = results.map((result, i) =>
        panel(result, MARGIN + (i % columns) * (PANEL.width + PANEL.gap), HEAD + Math.floor(i / columns) * height),
    );
    const legend = [
        [COLOURS.ours, 'ours'],
        [COLOURS.rival, 'rivals'],
        [COLOURS.floor, 'floor: prebuilt bytes, replies only counted'],
    ].map(([colour, name], i) => {
        const x = MARGIN + [0, 70, 145][i];
        return `<rect x="${x}" y="48" width="12" height="12" fill="${colour}"/>${text(x + 18, 59, name, { size: 12 })}`;
    });
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" width="${total.width}" height="${total.height}" viewBox="0 0 ${total.width} ${total.height}" font-family="system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif" role="img">`,
        `<title>memcached clients for Node: what they do per second</title>`,
        `<rect width="100%" height="100%" fill="#ffffff"/>`,
        text(MARGIN, 32, 'memcached clients for Node: what they do per second', { size: 18, weight: 600 }),
        ...legend,
        text(MARGIN + 425, 59, '· n × : against the best rival of the case (more is better)', {
            size: 12,
            fill: COLOURS.quiet,
        }),
        ...panels,
        ...caption.map((line, i) =>
            text(MARGIN, HEAD + rows * height + 8 + i * 17, line, { size: 11.5, fill: COLOURS.quiet }),
        ),
        '</svg>',
        '',
    ].join('\n');
}
