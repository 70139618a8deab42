import { setImmediate as setRealImmediate } from 'node:timers';
import { EventLoop } from './EventLoop';
import type { Random } from './Random';

/** Number of steps per batch of Node immediates. Node drains ticks and promises after each step. */
const STEPS_PER_BATCH = 64;

/**
 * Virtual time and every event loop. Code of the simulation runs only inside a step of one loop.
 */
export class World {
    /** Time at which every schedule starts. */
    static readonly START_MS = 1000;
    nowMs = World.START_MS;
    /** Loop of the running callback. New timers and sockets belong to this loop. */
    current: EventLoop | null = null;
    steps = 0;
    /** Receives the lines of the trace, or is null without tracing. */
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

    /** Runs callbacks until no event is left or the time is over. An exception ends the run. */
    async run(untilMs: number, maxSteps: number): Promise<void> {
        await new Promise<void>((resolve, reject) => {
            let queued = 0;
            let isOver = false;
            const step = (): void => {
                queued--;
                if (isOver) return;
                try {
                    if (this.steps >= maxSteps) throw new Error(`the schedule exceeds ${maxSteps} steps`);
                    isOver = !this.step(untilMs);
                    if (isOver) resolve();
                } catch (error) {
                    isOver = true;
                    reject(error instanceof Error ? error : new Error(String(error)));
                }
                if (!isOver && queued === 0) enqueue();
            };
            const enqueue = (): void => {
                for (; queued < STEPS_PER_BATCH; queued++) setRealImmediate(step);
            };
            enqueue();
        }).finally(() => (this.current = null));
    }

    private step(untilMs: number): boolean {
        let next: EventLoop | null = null;
        let atMs = Infinity;
        for (const loop of this.loops) {
            const { readyMs } = loop;
            // Loops that are ready at the same time run in random order.
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
