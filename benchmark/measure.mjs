import { setTimeout as sleep } from 'node:timers/promises';

/** The number of errors that ends a round. */
const TOO_MANY_ERRORS = 100;

/** Latencies in ms, whose collection allocates no memory during the measurement. */
export class Samples {
    #values = new Float64Array(1 << 20);
    #count = 0;

    add(ms) {
        if (this.#count < this.#values.length) this.#values[this.#count++] = ms;
    }

    percentiles() {
        const sorted = this.#values.subarray(0, this.#count).sort();
        const at = share => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
        return { p50Ms: at(0.5), p99Ms: at(0.99), samples: sorted.length };
    }
}

/**
 * Warms up, then measures the results and the cost of `work`. `work` resolves to `{ calls, errors,
 * firstError, samples }`. `asked` counts all requests to the server, including the warm-up.
 */
export async function measuredRound(work, { warmup, seconds: wanted }) {
    const warm = await work(warmup);
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const { samples, ...done } = await work(wanted);
    const seconds = (performance.now() - begun) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const all = ({ calls, largeCalls = 0 }) => calls + largeCalls;
    return {
        ...done,
        ...samples.percentiles(),
        seconds,
        callsPerSecond: done.calls / seconds,
        cpuMicrosPerCall: (user + system) / done.calls,
        errors: warm.errors + done.errors,
        firstError: warm.firstError ?? done.firstError,
        asked: all(warm) + all(done),
    };
}

/**
 * Runs `inFlight` loops for `seconds`. Each loop waits for a reply before its next request. The loops
 * read the clock with the samples, because calls that settle at once keep a timer from firing.
 */
export async function closedLoop({ inFlight, seconds, sampleEvery, call, isRight }) {
    const samples = new Samples();
    let next = 0;
    let errors = 0;
    let firstError;
    let stopped = false;
    const end = performance.now() + seconds * 1000;

    const failed = message => {
        firstError ??= message;
        if (++errors > TOO_MANY_ERRORS) stopped = true;
    };
    const loop = async () => {
        while (!stopped) {
            const i = next++;
            const isSampled = i % sampleEvery === 0;
            const begun = isSampled ? performance.now() : 0;
            try {
                if (!isRight(await call(i), i)) failed(`wrong answer to call ${i}`);
            } catch (error) {
                failed(String(error));
            }
            if (!isSampled) continue;
            const now = performance.now();
            samples.add(now - begun);
            if (now > end) stopped = true;
        }
    };

    await Promise.all(Array.from({ length: inFlight }, loop));
    return { calls: next, errors, firstError, samples };
}

/**
 * Makes small calls one by one, about a ms apart, while `large` (a closed loop) runs beside them.
 * The figures belong to the small calls.
 */
export async function probeBeside({ seconds, large, call, isRight }) {
    const samples = new Samples();
    const state = { stopped: false, calls: 0, errors: 0, firstError: undefined };
    const probe = async () => {
        while (!state.stopped) {
            const i = state.calls++;
            const begun = performance.now();
            try {
                if (!isRight(await call(i), i)) throw new Error(`wrong answer to probe ${i}`);
            } catch (error) {
                state.firstError ??= String(error);
                if (++state.errors > TOO_MANY_ERRORS) return;
            }
            samples.add(performance.now() - begun);
            await sleep(1);
        }
    };
    const probing = probe();
    const moved = await large(seconds);
    state.stopped = true;
    await probing;
    return {
        calls: state.calls,
        errors: state.errors + moved.errors,
        firstError: state.firstError ?? moved.firstError,
        samples,
        largeCalls: moved.calls,
    };
}
