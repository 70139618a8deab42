/** The data that travels with a call: its trace id, client, user. */
export interface IContext {
    /** Returns null if the context has no such key. */
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the published signature
    get(key: string): any;
}
