import type { Call } from './Call';

/** The number of places in a new list, a power of two. */
const MIN_PLACES = 16;

/** The maximum number of places that an empty list keeps. */
const MAX_IDLE_PLACES = 4096;

/**
 * A queue of calls in a ring buffer. A linked list would be slower. It would write a field of
 * objects of many classes, which is megamorphic.
 */
export class CallList {
    private places = newPlaces(MIN_PLACES);
    private start = 0;
    private size = 0;

    get first(): Call<unknown> | null {
        return this.places[this.start]!;
    }

    get last(): Call<unknown> | null {
        return this.at(this.size - 1);
    }

    push(call: Call<unknown>): void {
        if (this.size === this.places.length) this.resize(2 * this.size);
        this.places[(this.start + this.size) & (this.places.length - 1)] = call;
        this.size++;
    }

    shift(): Call<unknown> | null {
        const call = this.first;
        if (call === null) return null;
        this.places[this.start] = null;
        this.start = (this.start + 1) & (this.places.length - 1);
        if (--this.size === 0 && this.places.length > MAX_IDLE_PLACES) this.resize(MIN_PLACES);
        return call;
    }

    /** Moves the calls of the other list to the front of this one. */
    prepend(other: CallList): void {
        if (other.first === null) return;
        for (const call of this) other.push(call);
        ({ places: this.places, start: this.start, size: this.size } = other);
        other.clear();
    }

    clear(): void {
        this.places = newPlaces(MIN_PLACES);
        this.start = this.size = 0;
    }

    *[Symbol.iterator](): Iterator<Call<unknown>> {
        for (let i = 0; i < this.size; i++) yield this.at(i)!;
    }

    private at(index: number): Call<unknown> | null {
        return this.places[(this.start + index) & (this.places.length - 1)]!;
    }

    private resize(length: number): void {
        const calls = [...this];
        this.places = newPlaces(length);
        calls.forEach((call, i) => (this.places[i] = call));
        this.start = 0;
    }
}

function newPlaces(length: number): (Call<unknown> | null)[] {
    return new Array<null>(length).fill(null);
}
