import { InternalException } from 'pip-services4-commons-node';
import { Descriptor as Descriptor3 } from 'pip-services3-commons-nodex';
import {
    Context,
    Descriptor,
    Reference,
    ReferenceException,
    References,
    Referencer,
} from 'pip-services4-components-node';

const anyCache = new Descriptor('*', 'cache', '*', '*', '*');
const older = { name: 'older' };
const newer = { name: 'newer' };
const two = () =>
    References.fromTuples(
        new Descriptor('a', 'cache', 'memory', 'x', '1.0'),
        older,
        new Descriptor('b', 'cache', 'memory', 'y', '1.0'),
        newer,
    );

describe('References', () => {
    it('returns the newest component first', () => {
        expect(two().getOptional(anyCache)).toEqual([newer, older]);
        expect(two().getRequired(anyCache)).toEqual([newer, older]);
        expect(two().find(anyCache, false)).toEqual([newer, older]);
        expect(two().getOneOptional(anyCache)).toBe(newer);
        expect(two().getOneRequired(anyCache)).toBe(newer);
    });

    it('lists locators and components in the order of registration', () => {
        const references = new References(['first', older, 'second', newer]);
        expect(references.getAllLocators()).toEqual(['first', 'second']);
        expect(references.getAll()).toEqual([older, newer]);
    });

    it('takes a string or the component itself for a locator', () => {
        const references = References.fromTuples('first', older, 'second', newer);
        expect(references.getOneRequired('first')).toBe(older);
        expect(references.getOneRequired(newer)).toBe(newer);
        expect(references.getOneOptional('third')).toBeNull();
    });

    it('matches descriptors of another copy of the class, as query and as locator', () => {
        const query = new Descriptor3('*', 'cache', '*', 'x', '*');
        expect(two().getOneOptional(query)).toBe(older);
        const foreign = References.fromTuples(new Descriptor3('a', 'cache', 'memory', 'x', '1.0'), older);
        expect(foreign.getOneOptional(anyCache)).toBe(older);
        expect(foreign.getOneOptional(new Descriptor('*', 'lock', '*', '*', '*'))).toBeNull();
    });

    it('removes the newest match, or all of them', () => {
        const references = two();
        expect(references.remove(anyCache)).toBe(newer);
        expect(references.getAll()).toEqual([older]);
        expect(references.remove('unknown')).toBeNull();
        expect(references.remove(null)).toBeNull();
        const others = two();
        expect(others.removeAll(anyCache)).toEqual([newer, older]);
        expect(others.getAll()).toEqual([]);
        expect(others.removeAll(null)).toEqual([]);
    });

    it('returns null or an empty list for a missing optional component, also when the locator is null', () => {
        expect(two().getOneOptional('none')).toBeNull();
        expect(two().getOptional('none')).toEqual([]);
        expect(two().getOneOptional(null)).toBeNull();
        expect(two().getOptional(null)).toEqual([]);
    });

    it('throws REF_ERROR when a required component is missing', () => {
        const locator = new Descriptor('*', 'lock', '*', '*', '*');
        for (const ask of [
            () => two().getOneRequired(locator),
            () => two().getRequired(locator),
            () => two().find(locator, true),
        ]) {
            expect(ask).toThrow(ReferenceException);
            expect(ask).toThrow(expect.objectContaining({ code: 'REF_ERROR', details: { locator: '*:lock:*:*:*' } }));
        }
    });

    it('throws a plain error for a null component and for a search by null', () => {
        expect(() => new References().put('a', null)).toThrow(new Error('Component cannot be null'));
        expect(() => new References().find(null, false)).toThrow(new Error('Locator cannot be null'));
    });
});

describe('Reference', () => {
    it('holds a component and its locator', () => {
        const reference = new Reference('first', older);
        expect(reference.getLocator()).toBe('first');
        expect(reference.getComponent()).toBe(older);
        expect([reference.match('first'), reference.match(older), reference.match(newer)]).toEqual([true, true, false]);
    });

    it('compares by the equals method of a locator', () => {
        const even = { equals: (value: unknown) => Number(value) % 2 === 0 };
        expect(new Reference(even, older).match(4)).toBe(true);
        expect(new Reference(even, older).match(5)).toBe(false);
    });
});

describe('ReferenceException', () => {
    it('is an internal error of its own class with trace id and locator', () => {
        const error = new ReferenceException(Context.fromTraceId('abc'), 'there');
        expect(error).toBeInstanceOf(ReferenceException);
        expect(error).toBeInstanceOf(InternalException);
        expect({ ...error }).toMatchObject({ code: 'REF_ERROR', status: 500, category: 'Internal', trace_id: 'abc' });
        expect(error.message).toBe('Failed to obtain reference to there');
        expect(error.details.getAsString('locator')).toBe('there');
    });
});

describe('Referencer', () => {
    it('sets and unsets references of components that have the method', () => {
        const references = new References();
        const component = { setReferences: jest.fn(), unsetReferences: jest.fn() };
        Referencer.setReferences(references, [{}, component]);
        expect(component.setReferences).toHaveBeenCalledWith(references);
        Referencer.unsetReferences([{}, component]);
        expect(component.unsetReferences).toHaveBeenCalledTimes(1);
    });
});
