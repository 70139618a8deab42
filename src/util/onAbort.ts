interface Listeners {
    readonly callbacks: Set<() => void>;
    readonly notify: () => void;
}

const listenersOf = new WeakMap<AbortSignal, Listeners>();

/**
 * Calls `callback` when the signal aborts. Returns a function that removes the callback.
 *
 * All callbacks of a signal share one listener. A service may pass the signal of one request to a
 * hundred calls. Node.js warns about more than ten listeners.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
    let listeners = listenersOf.get(signal);
    if (listeners === undefined) {
        const callbacks = new Set<() => void>();
        listeners = { callbacks, notify: () => [...callbacks].forEach(callback => callback()) };
        listenersOf.set(signal, listeners);
    }
    const { callbacks, notify } = listeners;
    if (callbacks.size === 0) signal.addEventListener('abort', notify);
    callbacks.add(callback);
    return () => {
        callbacks.delete(callback);
        if (callbacks.size === 0) signal.removeEventListener('abort', notify);
    };
}
