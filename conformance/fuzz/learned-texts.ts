/** Ids that answers bring and that later requests can use. */
const learnable = new Set([
  'factsid',
  'operationid',
  'planid',
  'baselineid',
  'commandid',
  'activationid',
  'activationcode',
  'instanceid',
  'messageid',
  'nexttoken',
  'windowid',
  'windowtargetid',
  'windowtaskid',
  'infrastructureconfigurationarn',
  'componentbuildversionarn',
  'containerrecipearn',
  'imagerecipearn',
  'distributionconfigurationarn',
  'imagepipelinearn',
]);

/** Stands in a planned body for what the server will only say then; so plans do not hang on what it draws. */
export function placeholderOf(name: string): string {
  return `{{${name}}}`;
}

/** What the server said last, by the name of the member in lower case; page tokens by operation as well. */
export class LearnedTexts {
  readonly #texts: Map<string, string>;

  constructor(initial: ReadonlyMap<string, string>) {
    this.#texts = new Map(initial);
  }

  /** Notes the ids in an answer. */
  learn(target: string, answer: string): void {
    this.#walk(target, JSON.parse(answer), 0);
  }

  /** A planned body with all its placeholders replaced; by themselves where nothing is known yet. */
  fillIn(target: string, body: string): string {
    return body.replaceAll(/\{\{([a-z]+)\}\}/g, (placeholder, name: string) => {
      const text = this.#texts.get(name === 'nexttoken' ? `${target} ${name}` : name);
      return text ?? placeholder;
    });
  }

  #walk(target: string, value: unknown, depth: number): void {
    if (typeof value !== 'object' || value === null || depth > 3) return;
    for (const [key, member] of Object.entries(value)) {
      const name = key.toLowerCase();
      if (typeof member !== 'string') this.#walk(target, member, depth + 1);
      else if (learnable.has(name)) this.#texts.set(name === 'nexttoken' ? `${target} ${name}` : name, member);
    }
  }
}
