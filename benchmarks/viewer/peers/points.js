/** Reads the points of a built site; `?data=` names its data folder. */
export async function readPoints() {
  const map = await (await fetch(`${new URL(location.href).searchParams.get("data")}map.json`)).json();
  const undelta = (deltas) => {
    let value = 0;
    return Uint16Array.from(deltas, (delta) => (value += delta));
  };
  return { x: undelta(map.x), y: undelta(map.y), cluster: map.cluster };
}
