import type { Call } from '../calls/Call';
import { GuardedCall } from '../calls/GuardedCall';
import { Namespace } from '../calls/Namespace';

/** The namespaces of a client. Most clients have none. */
export class Namespaces {
    private all: readonly Namespace[] = [];

    get isEmpty(): boolean {
        return this.all.length === 0;
    }

    /** Returns the namespace of a prefix, one for all callers. */
    of(prefix: string): Namespace {
        const namespace = new Namespace(prefix);
        const known = this.all.find(({ tokenKey }) => tokenKey === namespace.tokenKey);
        if (known !== undefined) return known;
        this.all = [...this.all, namespace];
        return namespace;
    }

    /** Returns the key without its token. The ring places this part. */
    place(key: string): string {
        for (const namespace of this.all) {
            const placed = namespace.place(key);
            if (placed !== null) return placed;
        }
        return key;
    }

    /** Returns the part of the key that ends with its token, or '' without a token. */
    headOf(key: string): string {
        return this.all.find(namespace => namespace.has(key))?.headOf(key) ?? '';
    }

    /** Returns whether the client guards calls for the key. */
    has(key: string): boolean {
        return this.all.some(namespace => namespace.has(key));
    }

    /** Returns the call, guarded if its key has a token. All keys of a call have the same token. */
    guard<T>(key: string, call: Call<T>): Call<T> {
        if (this.isEmpty) return call;
        for (const namespace of this.all) if (namespace.has(key)) return new GuardedCall(call, namespace, key);
        return call;
    }
}
