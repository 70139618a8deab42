import { InternalException } from 'pip-services4-commons-node';
import { Descriptor as Descriptor3 } from 'pip-services3-commons-nodex';
import { CompositeFactory, CreateException, Descriptor, Factory } from 'pip-services4-components-node';

const cache = new Descriptor('a', 'cache', 'memory', '*', '1.0');
const query = new Descriptor('a', 'cache', 'memory', 'mine', '1.0');
const lock = new Descriptor('a', 'lock', 'memory', '*', '1.0');

describe('Factory', () => {
    it('uses the first registration that matches', () => {
        const factory = new Factory();
        factory.register(lock, () => 'lock');
        factory.register(cache, () => 'first');
        factory.register(cache, () => 'second');
        expect(factory.create(query)).toBe('first');
    });

    it('returns the registered locator from canCreate, or null', () => {
        const factory = new Factory();
        factory.register(cache, () => 'made');
        expect(factory.canCreate(query)).toBe(cache);
        expect(factory.canCreate(new Descriptor3('a', 'cache', '*', '*', '*'))).toBe(cache);
        expect(factory.canCreate(lock)).toBeNull();
        expect(factory.canCreate(null)).toBeNull();
    });

    it('takes strings for locators', () => {
        const factory = new Factory();
        factory.register('x', () => 'made');
        expect([factory.create('x'), factory.create('y')]).toEqual(['made', null]);
    });

    it('returns null for an unregistered locator', () => {
        expect(new Factory().create(query)).toBeNull();
    });

    it('passes the requested locator to the function', () => {
        const make = jest.fn(() => 'made');
        const factory = new Factory();
        factory.register(cache, make);
        factory.create(query);
        expect(make).toHaveBeenCalledWith(query);
    });

    it('makes a new instance of a type each time', () => {
        class Thing {}
        const factory = new Factory();
        factory.registerAsType(cache, Thing);
        const thing: unknown = factory.create(query);
        expect(thing).toBeInstanceOf(Thing);
        expect(factory.create(query)).not.toBe(thing);
    });

    it('throws CANNOT_CREATE when a constructor throws, with its message as the cause', () => {
        class Broken {
            public constructor() {
                throw new TypeError('no port');
            }
        }
        const factory = new Factory();
        factory.registerAsType(cache, Broken);
        const create = () => factory.create(query) as unknown;
        expect(create).toThrow(CreateException);
        expect(create).toThrow(
            expect.objectContaining({
                code: 'CANNOT_CREATE',
                cause: 'no port',
                details: { locator: query.toString() },
            }),
        );
    });

    it('refuses to register without a locator, a function or a type', () => {
        expect(() => new Factory().register(null, () => 1)).toThrow('Locator cannot be null');
        expect(() => new Factory().register(cache, null as unknown as () => 1)).toThrow('Factory cannot be null');
        expect(() => new Factory().registerAsType(cache, null as never)).toThrow('Type cannot be null');
    });
});

describe('CompositeFactory', () => {
    const making = (what: string) => {
        const factory = new Factory();
        factory.register(cache, () => what);
        return factory;
    };

    it('asks the newest factory first', () => {
        const composite = new CompositeFactory(making('first'), making('second'));
        expect(composite.create(query)).toBe('second');
        const third = making('third');
        composite.add(third);
        expect(composite.create(query)).toBe('third');
        composite.remove(third);
        composite.remove(third);
        expect(composite.create(query)).toBe('second');
    });

    it('returns the registered locator from canCreate, or null', () => {
        expect(new CompositeFactory(making('x')).canCreate(query)).toBe(cache);
        expect(new CompositeFactory(making('x')).canCreate(lock)).toBeNull();
    });

    it('throws CANNOT_CREATE when no factory matches', () => {
        const create = () => new CompositeFactory(making('x')).create(lock) as unknown;
        expect(create).toThrow(CreateException);
        expect(create).toThrow(
            expect.objectContaining({ code: 'CANNOT_CREATE', details: { locator: lock.toString() } }),
        );
    });

    it('throws a plain error for null', () => {
        expect(() => new CompositeFactory().create(null) as unknown).toThrow('Locator cannot be null');
        expect(() => new CompositeFactory().add(null as never)).toThrow('Factory cannot be null');
    });
});

describe('CreateException', () => {
    it('extends InternalException, and takes a text as its message and anything else as its locator', () => {
        const error = new CreateException('abc', query);
        expect(error).toBeInstanceOf(CreateException);
        expect(error).toBeInstanceOf(InternalException);
        expect({ ...error }).toMatchObject({
            code: 'CANNOT_CREATE',
            status: 500,
            category: 'Internal',
            trace_id: 'abc',
        });
        expect(error.message).toBe('Requested component a:cache:memory:mine:1.0 cannot be created');
        expect(error.details.getAsString('locator')).toBe('a:cache:memory:mine:1.0');
        expect(new CreateException(null, 'out of memory').message).toBe('out of memory');
    });
});
