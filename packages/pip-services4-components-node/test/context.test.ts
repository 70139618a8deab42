import { ConfigParams, Context, ContextResolver } from 'pip-services4-components-node';

describe('Context', () => {
    it('returns null for an unknown key, also for names of object members', () => {
        const context = new Context({ a: 0 });
        expect(context.get('a')).toBe(0);
        expect(context.get('b')).toBeNull();
        expect(context.get('constructor')).toBeNull();
        expect(new Context().get('a')).toBeNull();
    });

    it('takes a value, tuples, a configuration or a trace id', () => {
        const user = { id: 1 };
        expect(Context.fromValue({ user }).get('user')).toBe(user);
        expect(Context.fromTuples('a', 1, 'b', user).get('b')).toBe(user);
        expect(Context.fromConfig(ConfigParams.fromTuples('client', 'me')).get('client')).toBe('me');
        expect(Context.fromTraceId('abc').get('trace_id')).toBe('abc');
    });
});

describe('ContextResolver', () => {
    it('reads the trace id from trace_id, or else from traceId, as text', () => {
        expect(ContextResolver.getTraceId(Context.fromTraceId('abc'))).toBe('abc');
        expect(ContextResolver.getTraceId(new Context({ traceId: 7 }))).toBe('7');
        expect(ContextResolver.getTraceId(new Context({ trace_id: '', traceId: 'x' }))).toBe('x');
        expect(ContextResolver.getTraceId(new Context({ trace_id: 'first', traceId: 'x' }))).toBe('first');
    });

    it('returns null for a context without a trace id, and for no context', () => {
        expect(ContextResolver.getTraceId(new Context())).toBeNull();
        expect(ContextResolver.getTraceId(null)).toBeNull();
        expect(ContextResolver.getTraceId(undefined)).toBeNull();
    });

    it('takes a string, as version 3 containers pass it, for the trace id', () => {
        expect(ContextResolver.getTraceId('abc')).toBe('abc');
        expect(ContextResolver.getClient('abc')).toBeNull();
        expect(ContextResolver.getUser('abc')).toBeNull();
    });

    it('reads the client and the user, null when there is none', () => {
        const user = { id: 1 };
        const context = new Context({ client: 'me', user });
        expect(ContextResolver.getClient(context)).toBe('me');
        expect(ContextResolver.getUser(context)).toBe(user);
        expect(ContextResolver.getClient(null)).toBeNull();
        expect(ContextResolver.getUser(new Context())).toBeNull();
    });
});
