import type { Call } from './Call';

/** A queue of calls, chained by `Call.next`. A call stands in one list at a time. */
export class CallList {
    first: Call<unknown> | null = null;
    last: Call<unknown> | null = null;

    push(call: Call<unknown>): void {
        if (this.last === null) this.first = call;
        else this.last.next = call;
        this.last = call;
    }

    shift(): Call<unknown> | null {
        const call = this.first;
        if (call === null) return null;
        this.first = call.next;
        if (this.first === null) this.last = null;
        call.next = null;
        return call;
    }

    /** Those of the other list come before these; the other one is empty then. */
    prepend(other: CallList): void {
        if (other.last === null) return;
        other.last.next = this.first;
        this.first = other.first;
        this.last ??= other.last;
        other.first = other.last = null;
    }

    *[Symbol.iterator](): Iterator<Call<unknown>> {
        for (let call = this.first; call !== null; call = call.next) yield call;
    }
}
