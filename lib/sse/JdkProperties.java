package lib.sse;

/** What java.net.http is told by system properties. It reads them once, so they are set before its first use. */
final class JdkProperties {
    static {
        // A name with several addresses is asked at one of them, and its name is in the header.
        add("jdk.httpclient.allowRestrictedHeaders", "host");
        // Basic credentials may be shown to the proxy of an https URL.
        if (System.getProperty("jdk.http.auth.tunneling.disabledSchemes") == null) {
            System.setProperty("jdk.http.auth.tunneling.disabledSchemes", "");
        }
    }

    private JdkProperties() {}

    private static void add(String name, String word) {
        String words = System.getProperty(name, "");
        System.setProperty(name, words.isEmpty() ? word : words + "," + word);
    }

    static void set() {
        // The work is done when this class is loaded.
    }
}
