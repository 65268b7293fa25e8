/** Writes what `node --test` finds as JUnit XML; node's own reporter of that name is newer than Debian 12's node. */
const escape = (text) => text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);

export default async function* junit(events) {
    const cases = [];
    for await (const { type, data } of events) {
        if (type !== "test:pass" && type !== "test:fail") continue;
        if (data.details?.type === "suite" || /\.c?js$/.test(data.name)) continue;
        const failure = type === "test:fail" ? `<failure>${escape(String(data.details.error?.cause?.stack ?? data.details.error))}</failure>` : "";
        cases.push({ failed: !!failure, xml: `<testcase name="${escape(data.name)}">${failure}</testcase>` });
    }
    const failures = cases.filter(({ failed }) => failed).length;
    yield `<testsuites><testsuite name="client" tests="${cases.length}" failures="${failures}" errors="0" skipped="0">\n`;
    for (const { xml } of cases) yield xml + "\n";
    yield "</testsuite></testsuites>\n";
}
