const WIDTH = 52;

/** The printer of the demo's events in aligned lines: the event, its duration, the observation. */
export class Narrator {
    #isColored = process.stdout.isTTY && !process.env.NO_COLOR;
    #scenes = 0;

    /** @param {string} line */
    say(line = '') {
        process.stdout.write(`${line}\n`);
    }

    /** @param {string} title */
    scene(title) {
        this.say(`\n${this.#paint(1, `${++this.#scenes}  ${title}`)}`);
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
     * @param {string} why
     */
    leftOut(title, why) {
        this.say(`\n${this.#paint(2, `–  Skipped: ${title}. ${why}`)}`);
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
