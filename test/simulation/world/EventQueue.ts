/** Event at a simulated time. */
export interface Due {
    atMs: number;
    /** Rank among simultaneous events, of which the oldest runs first. */
    order: number;
}

/** Binary heap with the earliest event first. */
export class EventQueue<T extends Due> {
    private readonly heap: T[] = [];

    get size(): number {
        return this.heap.length;
    }

    get first(): T | undefined {
        return this.heap[0];
    }

    get firstMs(): number {
        return this.heap.length === 0 ? Infinity : this.heap[0]!.atMs;
    }

    push(item: T): void {
        const { heap } = this;
        let at = heap.length;
        heap.push(item);
        while (at > 0) {
            const above = (at - 1) >> 1;
            if (!isBefore(item, heap[above]!)) break;
            heap[at] = heap[above]!;
            at = above;
        }
        heap[at] = item;
    }

    shift(): T | undefined {
        const { heap } = this;
        const first = heap[0];
        const last = heap.pop();
        if (last === undefined || heap.length === 0) return first;
        let at = 0;
        for (let below = 1; below < heap.length; below = 2 * at + 1) {
            if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
            if (!isBefore(heap[below]!, last)) break;
            heap[at] = heap[below]!;
            at = below;
        }
        heap[at] = last;
        return first;
    }

    clear(): void {
        this.heap.length = 0;
    }

    values(): readonly T[] {
        return this.heap;
    }
}

function isBefore(one: Due, other: Due): boolean {
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
