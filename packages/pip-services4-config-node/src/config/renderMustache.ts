import { ConfigException } from 'pip-services4-commons-node';
import type { ConfigParams } from 'pip-services4-components-node';

interface Section {
    tag: string;
    closedBy: string;
    isShown: boolean;
}

const TAG = /(?<!\{)(?:\{\{\{([^{}]*)\}\}\}|\{\{([^{}]*)\}\})(?!\})/g;
const BODY = /^(?:(#if|#unless)\s+|([#^/])\s*)?([\w-]+)$/;

/**
 * Fills in a configuration template:
 *
 * - `{{X}}`: the value as it is, '' if X is not set
 * - `{{{X}}}`: the value escaped for a JSON string, '' if X is not set
 * - `{{#X}}…{{/X}}` or `{{#if X}}…{{/if}}`: if X is set
 * - `{{^X}}…{{/X}}` or `{{#unless X}}…{{/unless}}`: if X is not set
 *
 * Names of variables are not case-sensitive. Every value but '' is set, 'false' too.
 *
 * No library supports this dialect. mustache has neither `if` nor `unless`. handlebars cannot leave
 * `{{X}}` raw and escape `{{{X}}}`. Both accept comments and dotted names, which are mistakes here.
 *
 * @throws ConfigException BAD_TEMPLATE for any other tag, or a section that is not closed
 */
export function renderMustache(template: string, parameters: ConfigParams): string {
    const values = new Map(parameters.getKeys().map(key => [key.toLowerCase(), parameters.get(key) ?? '']));
    const sections: Section[] = [];
    let result = '';
    let position = 0;
    const emit = (text: string) => {
        if (sections.every(section => section.isShown)) result += text;
    };
    const emitLiteral = (end: number) => {
        const text = template.slice(position, end);
        const brackets = text.indexOf('{{');
        if (brackets >= 0) throw badTemplate(text.slice(brackets, brackets + 40), 'is no tag');
        emit(text);
    };

    for (const match of template.matchAll(TAG)) {
        const [tag, escaped, plain] = match;
        emitLiteral(match.index);
        position = match.index + tag.length;

        const [, helper, sign, name] = BODY.exec((escaped ?? plain ?? '').trim()) ?? [];
        const operator = helper ?? sign;
        if (name == null || (escaped != null && operator != null)) throw badTemplate(tag, 'is no tag');
        const value = values.get(name.toLowerCase()) ?? '';

        if (operator == null) {
            emit(escaped == null ? value : JSON.stringify(value).slice(1, -1));
        } else if (operator === '/') {
            if (sections.pop()?.closedBy !== name) throw badTemplate(tag, 'closes nothing');
        } else {
            const isNegated = operator === '^' || operator === '#unless';
            sections.push({ tag, closedBy: helper?.slice(1) ?? name, isShown: (value === '') === isNegated });
        }
    }
    emitLiteral(template.length);
    const unclosed = sections.pop();
    if (unclosed != null) throw badTemplate(unclosed.tag, 'is not closed');
    return result;
}

function badTemplate(tag: string, problem: string): Error {
    return new ConfigException(undefined, 'BAD_TEMPLATE', `${tag} ${problem}`).withDetails('tag', tag);
}
