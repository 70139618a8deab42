/** A queue that runs at most `max` tasks at a time, in the order of the calls. */
export class Semaphore {
    private running = 0;
    private readonly waiting: (() => void)[] = [];

    constructor(private readonly max: number) {}

    async run<T>(work: () => Promise<T>): Promise<T> {
        if (this.running < this.max) this.running++;
        else await new Promise<void>(enter => this.waiting.push(enter));
        try {
            return await work();
        } finally {
            this.leave();
        }
    }

    /** Passes the place to the next task, so a new call cannot overtake it. */
    private leave(): void {
        const enter = this.waiting.shift();
        if (enter === undefined) this.running--;
        else enter();
    }
}
