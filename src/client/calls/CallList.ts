import type { Call } from './Call';

/** A power of two. */
const LEAST_PLACES = 16;

/** An empty list that was longer gives its memory back. */
const MOST_IDLE_PLACES = 4096;

/**
 * A queue of calls, in a ring of places. Calls chained to each other would cost more: they are of many
 * classes, and writing a field of an object of any class takes longer than writing a place.
 */
export class CallList {
    private places = newPlaces(LEAST_PLACES);
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
        if (--this.size === 0 && this.places.length > MOST_IDLE_PLACES) this.resize(LEAST_PLACES);
        return call;
    }

    /** Those of the other list come before these; the other one is empty then. */
    prepend(other: CallList): void {
        if (other.first === null) return;
        for (const call of this) other.push(call);
        ({ places: this.places, start: this.start, size: this.size } = other);
        other.clear();
    }

    clear(): void {
        this.places = newPlaces(LEAST_PLACES);
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
