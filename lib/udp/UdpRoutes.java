//SOURCES UdpName.java UdpRoute.java UdpSource.java UdpTarget.java
package lib.udp;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** The routes to all targets, which follow interfaces, addresses and names as they change. For one thread at a time. */
final class UdpRoutes {
    private static final long BETWEEN_REFRESHES = TimeUnit.MILLISECONDS.toNanos(500);
    /** A name server that answers at all mostly does so within this time. */
    private static final long TO_ANSWER = TimeUnit.MILLISECONDS.toNanos(500);

    private final List<UdpTarget> targets;
    private final UdpSource source;
    private final Consumer<String> notices;
    private final Map<String, UdpName> names = new ConcurrentHashMap<>();

    private volatile List<UdpRoute> all;
    private long refreshed;

    UdpRoutes(List<UdpTarget> targets, UdpSource source, Consumer<String> notices) {
        this.targets = targets;
        this.source = source;
        this.notices = notices;
        all = targets.stream().map(target -> new UdpRoute(target, source, notices)).toList();
    }

    /** Begins to look up names, and waits a little for the answers. */
    void lookUpNames() {
        targets.stream().filter(UdpTarget::isName).forEach(target -> names.computeIfAbsent(target.host(), UdpName::new));
        long patience = System.nanoTime() + TO_ANSWER;
        names.values().forEach(name -> name.await(patience));
    }

    /** Opens what can be opened now; what cannot is no failure, but for what {@link UdpBroadcaster#open} throws. */
    void open() throws IOException {
        refresh();
        for (UdpRoute route : all) {
            route.checkFirst();
        }
    }

    /** As they are now; may be called from any thread. */
    List<UdpRoute> all() {
        return all;
    }

    /** Does {@link #refresh} now and then: what comes for each datagram is compiled apart from what comes seldom. */
    void keepUp() {
        if (System.nanoTime() - refreshed >= BETWEEN_REFRESHES) {
            refresh();
        }
    }

    /** Finds out what no send would tell, and opens again what failed. */
    void refresh() {
        refreshed = System.nanoTime();
        all = targets.stream().flatMap(target -> follow(target).stream()).toList();
    }

    /** A target's routes, to the addresses that it has now: a route whose address is still among them keeps it. */
    private List<UdpRoute> follow(UdpTarget target) {
        List<UdpRoute> had = all.stream().filter(route -> route.target == target).toList();
        try {
            Set<InetSocketAddress> addresses = target.addresses(source, names);
            List<UdpRoute> free = new ArrayList<>(had);
            free.removeIf(route -> addresses.contains(route.address()));
            List<UdpRoute> has = new ArrayList<>();
            for (InetSocketAddress address : addresses) {
                UdpRoute route = had.stream().filter(one -> address.equals(one.address())).findFirst()
                    .orElseGet(() -> free.isEmpty() ? new UdpRoute(target, source, notices) : free.remove(0));
                route.goTo(address);
                has.add(route);
            }
            free.forEach(UdpRoute::close);
            return has;
        } catch (IOException | IllegalArgumentException notNow) {
            had.forEach(route -> route.fails(notNow));
            return had;
        }
    }

    void close() {
        names.values().forEach(UdpName::close);
        names.clear();
        all.forEach(UdpRoute::close);
    }
}
