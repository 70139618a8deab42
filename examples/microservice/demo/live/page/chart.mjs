import { drawing } from './dom.mjs';

/** The spans of the charts. The first one that is longer than the data applies. */
const SPANS_S = [30, 60, 120];
/** The least width of a second, in pixels. The span of a narrow chart is shorter. */
const MIN_SECOND = 3.5;
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 6, 18, 22];
/** The least distance between two labels of changes, in pixels. */
const LABEL_DISTANCE = 14;

/**
 * @typedef {object} Chart
 * @property {[value: number, label: string][]} ticks
 * @property {(value: number) => number} scale maps a value to 0 (bottom) to 1 (top)
 * @property {{ of: string, className: string, isFilled?: boolean }[]} lines the fields of the
 *     samples, the last one on top
 */

/**
 * Draws samples over time, and the changes of servers behind them.
 * @param {Element} svg
 * @param {{ samples: any[], nowMs: number }} data
 * @param {import('./changes.mjs').Changes} changes
 * @param {Chart} chart
 */
export function draw(svg, { samples, nowMs }, { outages, resizes }, { ticks, scale, lines }) {
    const { width, height } = svg.getBoundingClientRect();
    const ageS = samples.length > 0 ? (nowMs - samples[0].atMs) / 1000 : 0;
    const spans = SPANS_S.filter(span => span * MIN_SECOND < width || span === SPANS_S[0]);
    const spanS = spans.find(span => ageS < span) ?? spans[spans.length - 1];
    const [right, floor] = [width - RIGHT, height - BOTTOM];
    const x = atMs => right - ((nowMs - atMs) / spanS / 1000) * (right - LEFT);
    const y = value => floor - scale(value) * (floor - TOP);
    const isShown = ({ atMs }) => x(atMs) >= LEFT;

    const parts = [];
    const labels = [];
    for (const { name, fromMs, toMs } of outages) {
        if (x(toMs) < LEFT) continue;
        const from = Math.max(LEFT, x(fromMs));
        const size = { x: from, y: TOP, width: Math.max(2, x(toMs) - from), height: floor - TOP };
        parts.push(drawing('rect', { class: 'outage', ...size }));
        labels.push({ className: 'outage-label', at: from + size.width / 2, text: numberOf(name) });
    }
    for (const [value, text] of ticks) {
        parts.push(drawing('line', { class: 'grid-line', x1: LEFT, x2: right, y1: y(value), y2: y(value) }));
        parts.push(drawing('text', { x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, text));
    }
    for (const { name, atMs, sign } of resizes.filter(isShown)) {
        parts.push(drawing('line', { class: 'resize', x1: x(atMs), x2: x(atMs), y1: TOP, y2: floor }));
        labels.push({ className: 'resize-label', at: x(atMs), text: `${sign}${numberOf(name)}` });
    }
    for (const { of, className, isFilled } of lines) {
        const points = samples
            .filter(sample => sample[of] !== null && isShown(sample))
            .map(sample => `${x(sample.atMs).toFixed(1)},${y(sample[of]).toFixed(1)}`);
        if (points.length < 2) continue;
        const path = `M${points.join('L')}`;
        const [first, last] = [points[0], points[points.length - 1]].map(point => point.split(',')[0]);
        if (isFilled) parts.push(drawing('path', { class: 'area', d: `${path}L${last},${floor}L${first},${floor}Z` }));
        parts.push(drawing('path', { class: className, d: path }));
    }
    for (const seconds of [spanS, (spanS * 2) / 3, spanS / 3, 0]) {
        const anchor = seconds === spanS ? 'start' : seconds === 0 ? 'end' : 'middle';
        const at = { x: x(nowMs - seconds * 1000), y: height - 4, 'text-anchor': anchor };
        parts.push(drawing('text', at, seconds === 0 ? 'now' : `−${seconds} s`));
    }
    parts.push(...drawLabels(labels));
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.replaceChildren(...parts);
}

/** Draws the texts above the lines. It leaves out a text that would touch its neighbour. */
function drawLabels(labels) {
    let last = -LABEL_DISTANCE;
    return labels
        .sort((one, other) => one.at - other.at)
        .filter(({ at }) => {
            const isFree = at - last >= LABEL_DISTANCE;
            if (isFree) last = at;
            return isFree;
        })
        .map(({ className, at, text }) =>
            drawing('text', { class: className, x: at, y: TOP - 5, 'text-anchor': 'middle' }, text),
        );
}

/** Returns the number in the name of a server: 2 in memcached-2. */
function numberOf(name) {
    return name.replace(/^.*-/, '');
}
