/** Ids of ours are uuids in lower case. A uuid column makes an error of any other text; as an id it just names nothing. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
