import { setTimeout as sleep } from 'node:timers/promises';

/** More errors than this end a round: a call that fails at once would keep the loop from ever seeing its timer. */
const TOO_MANY_ERRORS = 100;

/** Collects latencies in ms without allocating while the clock runs. */
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
 * Warms up, then says what `work` did and what it cost. `work` resolves to `{ calls, errors, firstError, samples }`;
 * `asked` counts everything the server must have seen, warm-up included.
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

/** `inFlight` loops, each waiting for its reply before it asks again, for so many seconds. */
export async function closedLoop({ inFlight, seconds, sampleEvery, call, isRight }) {
    const samples = new Samples();
    let next = 0;
    let errors = 0;
    let firstError;
    let stopped = false;

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
            if (isSampled) samples.add(performance.now() - begun);
        }
    };

    const timer = setTimeout(() => (stopped = true), seconds * 1000);
    await Promise.all(Array.from({ length: inFlight }, loop));
    clearTimeout(timer);
    return { calls: next, errors, firstError, samples };
}

/** Small calls one by one, about a ms apart, while `large` (a closed loop) runs beside them; the figures are the small ones'. */
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
