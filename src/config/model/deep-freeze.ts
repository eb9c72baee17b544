/**
 * Freezes a value and the arrays and plain objects in it. Maps are left to their read-only type:
 * freezing one does not keep its entries.
 */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  const held = value instanceof Map ? value.values() : Object.values(value);
  for (const entry of held) deepFreeze(entry);
  return value;
}
