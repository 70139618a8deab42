/** Lets so many in at a time; the others wait for their turn. */
export class Semaphore {
    private inside = 0;
    private waiting: (() => void)[] = [];
    /** The place in `waiting` of the next one; what stands before it is inside, or has been. */
    private next = 0;

    constructor(private readonly most: number) {}

    async run<T>(work: () => Promise<T>): Promise<T> {
        if (this.inside < this.most) this.inside++;
        else await new Promise<void>(enter => this.waiting.push(enter));
        try {
            return await work();
        } finally {
            this.leave();
        }
    }

    /** Who comes in takes the place of who leaves. */
    private leave(): void {
        const enter = this.waiting[this.next];
        if (enter === undefined) return void this.inside--;
        this.next++;
        // Those who have come in are forgotten, also when there is always somebody who waits.
        if (this.next * 2 > this.waiting.length) {
            this.waiting = this.waiting.slice(this.next);
            this.next = 0;
        }
        enter();
    }
}
