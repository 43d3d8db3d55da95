///usr/bin/env jbang "$0" "$@" ; exit $?
//JAVA 17+
//DESCRIPTION For the benchmark: the bytes of a stream, read with java.net.http and dropped: Floor [inline] URL

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

class Floor {
    public static void main(String... args) throws Exception {
        HttpClient.Builder builder = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
        if (args[0].equals("inline")) {
            builder.executor(Runnable::run);
        }
        HttpRequest request = HttpRequest.newBuilder(URI.create(args[args.length - 1])).build();
        builder.build().send(request, HttpResponse.BodyHandlers.discarding());
        System.exit(0);
    }
}
