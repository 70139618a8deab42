const WIDTH = 52;
/** The titles and widths of a table's columns, after the name of the row. */
const COLUMNS = /** @type {const} */ ([
    ['requests', 11],
    ['failed', 8],
    ['misses', 8],
    ['hit rate', 10],
    ['half within', 13],
    ['99 % within', 13],
]);

/** The printer of the demo's events in aligned lines: the event, its duration, the observation. */
export class Narrator {
    /** Whether the demo is ending. Requests fail then, which is no part of the story. */
    isSilent = false;
    #isColored = process.stdout.isTTY && !process.env.NO_COLOR;
    #scenes = 0;

    /** @param {string} line */
    say(line = '') {
        if (!this.isSilent) process.stdout.write(`${line}\n`);
    }

    /**
     * @param {string} name
     * @param {string} address
     * @param {string} fact
     * @param {string} owner
     */
    process(name, address, fact, owner) {
        this.say(`   ${name.padEnd(13)}${address.padEnd(31)}${fact.padEnd(18)}${owner}`);
    }

    /**
     * @param {string} title
     * @param {string} why why the scene matters to a user
     */
    scene(title, why) {
        this.say(`\n${this.#paint(1, `${++this.#scenes}  ${title}`)}`);
        this.say(`   ${this.#paint(2, why)}`);
    }

    /**
     * @param {string} what
     * @param {number | string} amount a number is in ms
     * @param {string} [why]
     */
    line(what, amount, why = '') {
        const shown = typeof amount === 'number' ? milliseconds(amount) : amount;
        this.say(`   ${what.padEnd(WIDTH - 3)}${shown.padStart(10)}   ${this.#paint(2, why)}`.trimEnd());
    }

    /** Prints the titles of the columns of `measured`. */
    titles() {
        const titles = COLUMNS.map(([title, width]) => title.padStart(width));
        this.say(this.#paint(2, `   ${''.padEnd(22)}${titles.join('')}`));
    }

    /**
     * @param {string} name
     * @param {import('../traffic/measure.mjs').Measured} measured
     */
    measured(name, { requests, failed, misses, hitRate, p50, p99 }) {
        const percent = hitRate === null ? '–' : `${(hitRate * 100).toFixed(1)} %`;
        const texts = [
            `${requests}`,
            `${failed}`,
            `${misses}`,
            percent,
            milliseconds(p50 ?? 0),
            milliseconds(p99 ?? 0),
        ];
        const cells = texts.map((text, index) => text.padStart(COLUMNS[index][1]));
        this.say(`   ${name.padEnd(22)}${cells.join('')}`);
    }

    /** @param {string} what */
    shown(what) {
        this.say(`   ${this.#paint(32, '✓')} ${what}`);
    }

    /** @param {string} what */
    failed(what) {
        this.say(`   ${this.#paint(31, '✗')} ${what}`);
    }

    /**
     * @param {string} title
     * @param {string[]} why
     */
    leftOut(title, why) {
        const [first, ...others] = [`–  Skipped: ${title}.`, ...why];
        this.say(`\n${this.#paint(2, first)}`);
        for (const line of others) this.say(`   ${this.#paint(2, line)}`);
    }

    /**
     * @param {number} style
     * @param {string} text
     */
    #paint(style, text) {
        return this.#isColored && text ? `\x1b[${style}m${text}\x1b[0m` : text;
    }
}

/** @param {number} ms */
export function milliseconds(ms) {
    return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
