import { setImmediate as setRealImmediate } from 'node:timers';
import { EventLoop } from './EventLoop';
import type { Random } from './Random';

/** Steps that are handed to Node together: it drains ticks and promises after each of them. */
const STEPS_AT_ONCE = 64;

/** When schedules begin. */
export const START_MS = 1000;

/** Time, and everything that has an event loop. Nothing happens outside of a step of one of them. */
export class World {
    nowMs = START_MS;
    /** Of the callback that runs now: timers and sockets belong to it. */
    current: EventLoop | null = null;
    steps = 0;
    /** Takes the lines of the trace; null: there is no trace. */
    log: ((line: string) => void) | null = null;
    private readonly loops: EventLoop[] = [];
    private order = 0;

    constructor(private readonly random: Random) {}

    newLoop(name: string): EventLoop {
        const loop = new EventLoop(this, name);
        this.loops.push(loop);
        return loop;
    }

    nextOrder(): number {
        return ++this.order;
    }

    /** Runs until nothing is left to do, or the time is over. What a callback throws ends it. */
    async run(untilMs: number, mostSteps: number): Promise<void> {
        await new Promise<void>((resolve, reject) => {
            let queued = 0;
            let isOver = false;
            const step = (): void => {
                queued--;
                if (isOver) return;
                try {
                    if (this.steps >= mostSteps) throw new Error(`more than ${mostSteps} steps`);
                    isOver = !this.step(untilMs);
                    if (isOver) resolve();
                } catch (error) {
                    isOver = true;
                    reject(error instanceof Error ? error : new Error(String(error)));
                }
                if (!isOver && queued === 0) enqueue();
            };
            const enqueue = (): void => {
                for (; queued < STEPS_AT_ONCE; queued++) setRealImmediate(step);
            };
            enqueue();
        }).finally(() => (this.current = null));
    }

    private step(untilMs: number): boolean {
        let next: EventLoop | null = null;
        let atMs = Infinity;
        for (const loop of this.loops) {
            const { readyMs } = loop;
            // Of those that are ready at the same time, any may be first.
            if (readyMs < atMs || (readyMs === atMs && readyMs < Infinity && this.random.chance(0.5))) {
                next = loop;
                atMs = readyMs;
            }
        }
        if (next === null || atMs > untilMs) return false;
        this.nowMs = Math.max(this.nowMs, atMs);
        this.current = next;
        this.steps++;
        next.runOne();
        return true;
    }
}
