/** A command, whatever its protocol. Quiet requests have the verb of the others. */
export type Verb =
    | 'get'
    | 'getAndTouch'
    | 'touch'
    | 'set'
    | 'add'
    | 'replace'
    | 'cas'
    | 'append'
    | 'prepend'
    | 'delete'
    | 'count'
    | 'noop'
    | 'version'
    | 'stat'
    | 'flush'
    | 'login';

/** The parts of a request that tests need. `key` is '' without a key. */
export interface Request {
    readonly verb: Verb | undefined;
    readonly key: string;
}
